"""What reviews of each kind of place talk about, see ``yelp_rules``."""

from __future__ import annotations

WORDS = """
x/restaurant = steak | pasta | curry | salmon | fried chicken | lobster
other/restaurant = soup | salad | bread | dessert | rice | sushi | wine | appetizer | garlic sauce | guacamole | lamb |
 tuna roll
place/restaurant = restaurant | bistro | diner | steakhouse | place | family restaurant
did/restaurant = had dinner/lunch/brunch | celebrated | tried the <x> | ordered the <x>
plus/restaurant = was cooked to perfection | melted in the mouth | came out hot and crispy/juicy/tender | was full of
 flavor/spices/garlic | tasted like home/heaven/mexico/italy
minus/restaurant = was raw/cold/burnt in the middle | tasted like cardboard/rubber/dishwater/paper | was
 dry/salty/greasy/bland | made <friend> sick | came without the sauce/bread/vegetables
staff/restaurant = server | cook | chef | manager | host
nice/restaurant = knew the menu by heart | refilled the water/glasses before anyone asked | brought a free
 dessert/drink/appetizer | explained every dish/wine with a smile
rude/restaurant = forgot the order/drinks/bread twice | rolled both eyes | spilled wine/soup/water on the table |
 brought the wrong bill/dish/plate | was texting the whole/entire time
room/restaurant = dining room | patio | restroom | kitchen | corner booth
extra-good/restaurant = the portions are huge/generous | the menu has plenty of vegan/seafood/gluten free options |
 leave some room for the tiramisu/pie/flan
extra-bad/restaurant = the portions are tiny | half of the menu was sold out | the chips/fries/noodles were
 soggy/stale/cold
x/cafe = coffee | cheesecake | latte | turkey sandwich | blueberry muffin | hot chocolate
other/cafe = croissant | bagel | green tea | brownie | espresso | smoothie | pancake | quiche | cupcake | lemonade
place/cafe = cafe | bakery | coffee shop | tea house | donut shop
did/cafe = had breakfast | had a snack | tried the <x> | ordered the <x> | worked on a laptop/thesis/novel
plus/cafe = was freshly baked/brewed/made | smelled of cinnamon/vanilla/butter | had the right amount of
 sugar/foam/cream | made <my/{person}> day
minus/cafe = was stale/lukewarm/watery | tasted burnt/sour/bitter | was days/weeks/months old | came in a dirty cup |
 had too much sugar/ice/syrup
staff/cafe = barista | cashier | baker | server
nice/cafe = remembered every name/order/birthday | drew a heart/leaf/bear in the foam | gave out free samples/cookies |
 greeted everyone
rude/cafe = ignored the line/customers | got the order wrong | slammed the cup on the counter | chatted on the phone
room/cafe = kitchen | garden | reading corner | back room | seating area
extra-good/cafe = the wifi is fast/free/reliable | there are plenty of outlets/tables/board games
extra-bad/cafe = the wifi was down/slow | all tables were sticky/taken | they run out of croissants/bagels/muffins by
 noon
x/bar = beer | margarita | burger | whiskey sour | pulled pork | happy hour
other/bar = cider | martini | sangria | nacho plate | live band | karaoke | pool table | jukebox | basket of wings
place/bar = bar | pub | sports bar | night club | brewery | lounge
did/bar = watched the game | met some friends | had drinks | tried the <x>
plus/bar = was ice cold and cheap/strong | was mixed/made with love/care/skill | beats anything downtown/nearby | went
 down smoothly
minus/bar = was warm/flat/weak | gave <me/{person}> a headache | came in a plastic cup | was mostly ice/foam/bread
staff/bar = bartender | bouncer | doorman | dj
nice/bar = poured a generous drink/shot | told good jokes/stories | played every song/request | knew every beer/whiskey
rude/bar = served other friends first | wanted a bigger tip | threw <friend> out | charged the card twice
room/bar = cellar | beer garden | back room | restroom | corner booth
extra-good/bar = the crowd was fun/relaxed/young | the bands/screens/cocktails are great/awesome
extra-bad/bar = the cover charge is silly/crazy | the crowd was drunk/obnoxious | the music was far too loud
x/hotel = bed | shower | breakfast buffet | swimming pool | view | room service
other/hotel = elevator | pillow | air conditioning | minibar | lobby | casino | bathtub | shuttle | balcony | carpet
place/hotel = hotel | motel | resort | inn | hostel
did/hotel = stayed | spent the night/weekend | booked a suite/room | checked in
plus/hotel = was worth the stay | was better than in the pictures/brochure | felt like home/paradise/luxury | was big
 enough for two/four/five
minus/hotel = was broken/closed/dirty | did not work for two days/nights | was nothing like in the pictures/brochure |
 smelled of smoke/bleach/mold
staff/hotel = receptionist | concierge | housekeeper | porter | desk clerk
nice/hotel = upgraded the room/suite for free | carried the bags/luggage | called a taxi/doctor | left fresh
 towels/chocolates
rude/hotel = lost the reservation/luggage/keys | knocked at six/seven in the morning | shouted at <friend> | refused to
 help
room/hotel = bathroom | lobby | suite | hallway | spa
extra-good/hotel = the checkout was quick/easy | the beach/monorail/fountain is a short walk away
extra-bad/hotel = the walls are paper thin | there were bugs/ants/roaches under the bed | the resort fee is a scam
x/salon = haircut | manicure | massage | pedicure | facial | color
other/salon = shampoo | blow dry | nail polish | waxing | bridal makeup | eyebrow shaping | conditioner
place/salon = salon | spa | barber shop | nail studio | beauty parlor
did/salon = got the <x> | booked an appointment | walked in without an appointment
plus/salon = looked natural/gorgeous/elegant | lasted for weeks/months | was relaxing/gentle | made <me/{person}> look
 younger
minus/salon = looked crooked/orange/cheap | hurt for days | chipped/faded after two days | took three hours/attempts
staff/salon = stylist | barber | therapist | colorist
nice/salon = listened to every wish | offered tea/champagne/magazines | worked magic | took enough time
rude/salon = cut off too much | gossiped about other clients/customers | was in a hurry | burned/scratched the skin
room/salon = waiting area | washing station | massage room | studio
extra-good/salon = they use organic/gentle products | the gift cards make a lovely present
extra-bad/salon = the tools were not clean/sterile | they double book every appointment | the towels were damp/stained
x/garage = oil change | brake repair | inspection | paint job | tire rotation | new windshield
other/garage = battery | transmission | car wash | estimate | alignment | radiator | engine check
place/garage = garage | shop | dealership | body shop | tire center
did/garage = had the car fixed/towed/checked | came in with a flat tire/battery | got the <x>
plus/garage = was done within an hour | solved the problem | made the car feel new | came with a warranty
minus/garage = made the noise/leak worse | took two/three weeks | had to be done again/twice | failed on the
 freeway/highway
staff/garage = mechanic | service adviser | salesman | technician
nice/garage = explained every repair/part/bill | gave <me/{person}> a ride home | found the leak/problem at once | was
 honest about the cost
rude/garage = scratched the door/bumper/hood | invented new problems/repairs | never called back | left grease/oil on
 the seats
room/garage = waiting room | workshop | office | parking lot
extra-good/garage = they do not sell you things that you do not need | there is free coffee/wifi while you wait
extra-bad/garage = the estimate doubled/tripled overnight | they tried to sell new brakes/tires/filters
x/dentist = cleaning | filling | root canal | exam | crown | whitening
other/dentist = x ray | anesthesia | extraction | paperwork | follow up visit | insurance claim
place/dentist = dental office | practice | clinic
did/dentist = got the <x> | made an appointment | came in with a toothache
plus/dentist = did not hurt at all | was quick and painless | went smoothly | was covered by the insurance
minus/dentist = hurt for a week/month | fell out after a day/week | was rushed/painful | was billed twice
staff/dentist = dentist | hygienist | assistant | receptionist
nice/dentist = calmed <me/{person}> down | explained the x ray | was gentle with the kids/needle | called the next day
rude/dentist = would not stop talking | drilled the wrong tooth | laughed at <my/{person}> teeth | ignored the pain
room/dentist = waiting room | treatment room | front office
extra-good/dentist = the equipment is state of the art | the kids got stickers/toothbrushes/balloons
extra-bad/dentist = they overcharge the insurance | the magazines were ten/twenty years old | the appointment was moved
 twice
x/gym = yoga class | weight room | sauna | spin class | personal training | climbing wall
other/gym = treadmill | locker | rowing machine | pilates class | juice bar | membership | boxing ring | day pass
place/gym = gym | fitness club | studio | yoga center
did/gym = worked out | signed up | tried the <x> | joined
plus/gym = got <me/{person}> back in shape | is fun for beginners/everyone | is open all day/night | pushed
 <me/{person}> to the limit
minus/gym = was overbooked/cancelled again | hurt the knees/back | was out of order for weeks/months | smelled of
 sweat/socks
staff/gym = trainer | instructor | coach | manager
nice/gym = corrected every mistake/posture | motivated the whole class | made a workout/diet plan | learned all the
 names
rude/gym = yelled at beginners | looked at the phone | would not cancel the membership/contract | flirted with the
 members
room/gym = locker room | shower | cardio area | childcare room
extra-good/gym = the machines are new/clean | the first month/week is free | there is never a wait for the
 weights/machines
extra-bad/gym = half of the machines are broken | people never wipe down the benches/bikes/mats | they keep charging the
 credit card
"""
"""Of each kind: x its six things and other ones, plus and minus what is said of them; staff and what it did, nice or
rude; room, a part of the place; did, what guests do; extra, whole sentences."""
