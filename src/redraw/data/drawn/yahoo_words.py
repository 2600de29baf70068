"""What questions and answers of each topic talk about, see ``yahoo_rules``."""

from __future__ import annotations

WORDS = """
x/society = tradition | superstition | folk tale | prayer | custom | ceremony | proverb | carnival
v/society = explain | understand | respect | learn about | celebrate | describe
adj/society = ancient | local | religious | strange | popular | foreign
past/society = read about <a:np> | heard of <a:np> in church | saw <a:np> on a trip/visit to <country> | wrote about
 <a:np> for a museum
country = india | mexico | japan | egypt | ireland | greece
woe/society = makes no sense | sounds rude to visitors | means something else in <country> | is almost forgotten |
 upsets the neighbors
who/society = a priest | an old monk | a historian | a local guide | someone from <country>
aim/society = respect other cultures | keep the old ways alive | avoid hurting anyone | join a church | understand the
 bible
tip/society = talk to the elders/women/children/villagers | visit the temple/church/mosque/village/shrine | read the
 holy/old/sacred books/texts | listen quietly/politely/carefully | bring a small gift/cake/present | wear
 modest/dark/formal/white clothes | learn the language/songs/history/alphabet | ask before taking pictures
fact/society = every village has its own customs | the meaning changed over the centuries/years/generations | people in
 <country> still believe in ghosts/angels/witches/miracles/spirits | easter/christmas and passover/hanukkah have common
 roots | the first pilgrims came from england/holland/spain | some families light a candle/fire/lamp every
 evening/sunday/night | young people rarely follow the old rules
subj/society = religion | mythology | world history | other cultures
x/science = volcano | comet | rainbow | magnet | crystal | hurricane | black hole | solar cell
v/science = explain | study | draw | understand | build a model of | describe
adj/science = tiny | giant | typical | powerful | natural | famous
past/science = built a model of <a:np> | gave a talk about <a:np> | watched a film about <a:np> | took a picture of
 <a:np>
woe/science = does not fit the formula | looks different in every textbook | confuses the whole class | behaves
 strangely | seems too complicated
who/science = a physics teacher | an astronomer | a chemist | a professor | a geologist
aim/science = win the science fair/contest/award | prove the theorem/formula/rule | pass physics/chemistry/math |
 understand gravity/electricity/evolution/magnetism | solve the equation
tip/science = measure the temperature/pressure/angle/voltage/weight | draw a diagram/triangle/graph/sketch | repeat the
 experiment/test/measurement | check the units/signs/numbers/results | write down every number/step/result | look
 through a telescope/microscope | divide/multiply both sides by two/three/ten/x | use the periodic table/law
fact/science = light travels faster than sound/anything | energy is never lost | water expands when it freezes | the
 earth is four/five billion years old | atoms consist of protons , neutrons and electrons | the moon causes/explains the
 tides | a theory can never be proved completely | hot air/gas/water rises
subj/science = algebra | chemistry | geometry | astronomy | biology
x/health = headache | sore throat | rash | stiff neck | fever | cough | toothache | sprained ankle
v/health = treat | cure | get rid of | prevent | deal with | survive
adj/health = mild | severe | constant | painful | sudden | bad
past/health = woke up with <a:np> | got <a:np> after a flu shot | came home from work with <a:np> | went to the hospital
 because of <a:np>
woe/health = will not go away | gets worse at night | hurts every morning | came back after a week | has lasted for days
who/health = a doctor | a nurse | a pharmacist | a dentist | a specialist
aim/health = feel better/stronger/healthier soon | sleep through the night | lose five/ten/thirty pounds | lower the
 blood pressure/sugar | stay healthy | avoid surgery
tip/health = drink plenty/lots of water/tea/juice | take an aspirin/antihistamine | rest/stay in bed | put
 ice/cream/heat on it | eat more vegetables/fruit/soup/garlic/fiber | stop smoking/drinking/worrying | take vitamin c |
 avoid sugar/salt/cheese/alcohol and coffee/milk/wheat | gargle with salt/warm water
fact/health = antibiotics do not kill viruses | stress/sugar/smoking weakens the immune system | the body needs
 seven/eight/nine hours of sleep | most infections heal by themselves | too much medicine is dangerous | allergies often
 begin in spring/childhood/april | honey/ginger/tea soothes the throat | a blood test shows the cause
subj/health = medicine | nutrition | yoga | side effects
x/education = essay | book report | thesis | speech | term paper | poem | short story | summary
v/education = write | finish | improve | shorten | plan | rewrite
adj/education = good | long | persuasive | boring | perfect | ten page
past/education = handed in <a:np> | started <a:np> for english class | got a bad grade for <a:np> | had to read <a:np>
 aloud
woe/education = is due on monday | sounds childish | has too many mistakes | still needs a title | got lost in the
 library
who/education = a tutor | a librarian | the english teacher | a college student | the principal
aim/education = get better grades | graduate with honors | win a scholarship/prize/medal | get into
 college/harvard/oxford | impress the teacher | skip a grade
tip/education = make an outline/index | check the spelling/grammar/facts/sources | quote two/three/four
 sources/books/authors | go to the library/professor/class | start with a question/quotation/joke/definition | read it
 aloud/slowly | use short/simple/clear sentences/words/paragraphs | study in a quiet/warm/bright room/place/corner |
 look up every hard word
fact/education = teachers notice copied paragraphs/sentences/answers | a good introduction is half the work | many
 universities offer free courses | the deadline is never extended | practice matters more than talent | grammar can be
 learned at any age | homework counts for twenty/thirty/fifty percent
subj/education = grammar | shakespeare | spanish | college applications
x/computers = laptop | printer | router | tablet | monitor | keyboard | webcam | hard drive
v/computers = fix | set up | clean | replace | connect | restart
adj/computers = wireless | used | broken | brand new | slow | refurbished
past/computers = bought <a:np> online | got <a:np> for christmas | dropped <a:np> on the floor | installed <a:np> at the
 office
woe/computers = keeps freezing | does not turn on | makes a clicking/buzzing/strange noise | shows a blue/black/blank
 screen | gets very hot | lost the signal
who/computers = a technician | the manufacturer | a programmer | the computer store | someone in a forum
aim/computers = save the files/photos/documents | speed up the system | remove a virus | protect the password | play
 games/chess/poker online | get the data back
tip/computers = unplug/check the cable/modem/adapter | download/install the latest driver/version/patch | run a
 virus/memory/spyware scan | delete the old software/files/cookies/programs | make a backup | reset the
 settings/clock/password | update the operating system/software | press control , alt and delete | switch to another
 browser/network/program
fact/computers = most drivers are free | spyware hides in free downloads/games/emails | windows needs a lot of
 memory/space/power | dust can ruin the fan | a firewall blocks unknown programs | batteries become weak after two years
 | the warranty covers such repairs | passwords should be long
subj/computers = software | programming | networks | internet security
x/sports = tennis racket | mountain bike | skateboard | surfboard | baseball glove | golf club | punching bag | rowing
 machine
v/sports = choose | use | practice with | repair | buy | adjust
adj/sports = cheap | professional | lightweight | secondhand | heavy | vintage
past/sports = borrowed <a:np> from the coach | won <a:np> at a tournament | used <a:np> in the gym | bought <a:np> at a
 garage sale
woe/sports = feels too heavy | hurts the wrist/knee/back/shoulder | broke during practice | is not allowed in the league
 | squeaks all the time
who/sports = a coach | a trainer | the team captain | a professional player | the referee
aim/sports = make the team | build muscle/strength/endurance | run/finish a marathon/triathlon | score more
 goals/points/runs | win the championship/cup/race/final | get in shape
tip/sports = warm up before the game/match/race/workout | stretch both legs/arms/shoulders | keep the
 elbows/shoulders/hips low | train/run/swim three/four/five times a week | wear a helmet/mouthguard | watch the
 ball/goalkeeper/opponent | do twenty/fifty/sixty push/sit ups a day | join a local club/team/league | bend the
 knees/elbows
fact/sports = practice makes perfect | brazil/germany/italy has won the world cup three/four/five times | muscles grow
 while you rest | the season ends in october/may/june/november | a marathon is twenty six miles long | referees make
 mistakes too | good shoes prevent injuries | the offside rule is simple
subj/sports = football | wrestling | hockey | boxing | swimming
x/business = loan | mortgage | credit card | savings account | pension plan | insurance policy | car lease | patent
v/business = get | cancel | understand | pay for | apply for | compare offers for
adj/business = new | private | simple | second | affordable | joint
past/business = applied for <a:np> | signed the papers for <a:np> | got <a:np> from the bank | saw <a:np> advertised on
 television
woe/business = costs too much | has hidden fees | is not accepted abroad | ran out in march/june/december | ruins the
 budget
who/business = an accountant | the bank | a lawyer | a financial adviser | the tax office
aim/business = pay off the debt | save for retirement | start a company/restaurant/business | improve the credit score |
 find a better/new job/apartment | buy a house/home/farm
tip/business = read/check the contract/agreement twice | compare the interest/exchange rates | keep every
 receipt/bill/invoice | ask for a raise/discount/refund/promotion | write a business/marketing plan | sell the
 stocks/bonds/shares/car | pay the bills/taxes/rent on time | call the customer/credit service | update the
 resume/budget/website
fact/business = interest rates rise/fall every year/spring | banks make money from late payments | a small company pays
 less tax/interest | the stock market is a gamble | employers check the credit history | every investment has a risk |
 prices depend on supply and demand | fees are negotiable
subj/business = taxes | real estate | accounting | the stock market
x/entertainment = song | movie | album | novel | comic book | cartoon | documentary | soap opera
v/entertainment = find | review | enjoy | recommend | remember the title of | get tickets for
adj/entertainment = funny | romantic | scary | classic | sad | famous
past/entertainment = heard about <a:np> on the radio | watched the trailer of <a:np> | missed the end of <a:np> | lent
 <a:np> to a stranger
woe/entertainment = has a silly ending | is sold out everywhere | gets stuck in my head | was never released here | is
 far too long
who/entertainment = a musician | the radio station | a movie critic | the fan club | an actor
aim/entertainment = meet a celebrity | become a singer/dancer/drummer/model | sing/dance like a star/queen | learn the
 lyrics | impress the audience | win the talent show
tip/entertainment = listen to the soundtrack/radio/lyrics | read the reviews/book/magazine | watch the
 sequel/interview/video/credits | search for the lyrics/trailer/title | rent/buy the dvd/video | take
 singing/guitar/dancing/piano lessons | go to a concert/festival/theater | join the fan club
fact/entertainment = the band split up in the eighties/nineties | the director won two/three/four awards/oscars | the
 book is better than the film | elvis/madonna/prince recorded it first | the actress plays the
 villain/princess/witch/detective | reality shows are scripted | the guitar solo is legendary | nobody remembers the
 drummer
subj/entertainment = jazz | hip hop | hollywood | television
x/family = wedding | birthday party | first date | family dinner | honeymoon | baby shower | reunion | marriage
v/family = plan | pay for | talk about | prepare | save | look forward to
adj/family = small | romantic | happy | secret | perfect | disastrous
past/family = started to plan <a:np> | argued about <a:np> | cried because of <a:np> | dreamed of <a:np>
woe/family = ended in tears | seems impossible | scares/bores the children/guests/groom | starts another fight |
 embarrasses the parents
who/family = a counselor | the mother in law | a close friend | an older couple | the bridesmaid
aim/family = find true love/friendship/happiness | make the relationship work | get over the divorce | gain some trust |
 ask a girl out | raise happy kids
tip/family = talk about the feelings/problems/future/past | send some flowers/roses/chocolates/pictures | be honest |
 apologize first | invite the grandparents/neighbors/cousins | spend more time together | give it some time | cook a
 nice/warm meal/dinner/breakfast | write a love letter/song/poem
fact/family = every couple fights sometimes | trust/love takes years to grow | jealousy destroys love/trust/friendship |
 men rarely show their feelings | kids need two loving parents | a kiss says more than words | nobody is perfect |
 communication is the key
subj/family = dating | marriage | babies | teenagers
x/politics = election | law | tax cut | petition | campaign | treaty | referendum | protest march
v/politics = support | oppose | understand | vote against | organize | discuss
adj/politics = unfair | national | democratic | peaceful | controversial | local
past/politics = signed the call for <a:np> | debated <a:np> in class | read an article on <a:np> | complained to the
 mayor about <a:np>
woe/politics = divides the country/party/nation | hurts the middle/working class | violates the constitution | failed in
 the senate | serves only the rich
who/politics = a senator | the mayor | a journalist | a judge | the governor
aim/politics = change the world | end the war/violence/poverty | protect the environment/borders/forests/schools |
 defend free speech/trade/elections | lower/raise the taxes/wages | become a citizen
tip/politics = write to congress | register to vote/run | read both newspapers/reports/programs | call the
 representative/senator/embassy/governor | attend the town/city meeting/council | follow the debate | check the
 facts/numbers/sources | volunteer for a party
fact/politics = the president can veto any bill | democrats and republicans rarely agree | the supreme court has nine
 judges | lobbyists write many laws/speeches | the budget has been in deficit for years/decades | soldiers pay the price
 of war | voters forget quickly | power corrupts
subj/politics = the constitution | immigration | foreign policy | the economy
"""
"""Of each topic: x its eight things, v what is done to one, adj what it is like, past and woe what has happened to it,
who knows, aim and tip what people want and should do, fact what is known, subj what it is all about."""
