"""What the grammar of reviews writes: what is said of a place, and how the number of stars decides what."""

from __future__ import annotations

from .grammars import read_rules
from .yelp_words import WORDS

KINDS = ("restaurant", "cafe", "bar", "hotel", "salon", "garage", "dentist", "gym")
STARS = tuple("01234")
"""Labels as in the file: 0 is one star, 4 is five."""
ITEMS = tuple("012345")

LATENTS = {
    "stars": dict.fromkeys(STARS, 1),
    "kind": {"restaurant": 4, "cafe": 2, "bar": 2, "hotel": 2, "salon": 1, "garage": 1, "dentist": 1, "gym": 1},
    "item": dict.fromkeys(ITEMS, 1),
    "person": {"i": 3, "we": 2},
    "length": {"short": 2, "medium": 4, "long": 4},
}
"""``item`` is which of its kind's six things the review is most about."""

FRAMES = """
document = <body/{length}>
body/short = <start> <first/{stars}> <remark/{stars}> <end/{stars}>
body/medium = <start> <first/{stars}> <remark/{stars}> <remark/{stars}> <aside> <end/{stars}>
body/long = <start> <first/{stars}> <remark/{stars}> <remark/{stars}> <aside> <remark/{stars}> <remark/{stars}>
 <end/{stars}>
remark/0 = <bad> | 11* <bad> | <soso>
remark/1 = 7* <bad> | <good> | 4* <soso>
remark/2 = 3* <bad> | 3* <good> | 6* <soso>
remark/3 = <bad> | 7* <good> | 4* <soso>
remark/4 = <soso> | 12* <good>
first/0 = <item-bad>
first/1 = 4* <item-bad> | <item-soso>
first/2 = 3* <item-soso> | <item-bad> | <item-good>
first/3 = 4* <item-good> | <item-soso>
first/4 = <item-good>
x = <x/{kind}/{item}>
start = 3* <i/{person}> <did/{kind}> here <when> . | 2* <i/{person}> found this <place/{kind}> <how> . | <i/{person}>
 <was/{person}> in <city> <when> and came here with <friend> . | this <place/{kind}> is <where> . | <friend> took
 <me/{person}> to this <place/{kind}> <when> . | <i/{person}> <have/{person}> been to this <place/{kind}> <n> times
 <now> .
i/i = i
i/we = we
was/i = was
was/we = were
me/i = me
me/we = us
my/i = my
my/we = our
have/i = have
have/we = have
when = last <night> | yesterday | for <my/{person}> anniversary/birthday | on a <day> evening/morning/night | on <day> |
 in <month> | after work | for the first time
night = <day> | week | month | night | weekend
day = monday | tuesday | wednesday | thursday | friday | saturday | sunday
month = january | march | april | june | july | august | october | december
how = by accident | on the internet | through <a:kin> | because of the good reviews | with a coupon | on the way to the
 airport/mall/museum/theater
kin = friend | neighbor | coworker | old magazine | ad in the paper
friend = <my/{person}> <relation> | a friend from <city> | a group of <n> people | two/three friends
relation = mother | sister | boss | cousin | parents | kids | in laws | daughter | best friend
city = phoenix | las vegas | scottsdale | boston | chicago | tempe | pittsburgh | toronto | madison | charlotte |
 edinburgh
n = three | four | five | six | ten | a dozen
now = now | already | over the years | this year | since <month>
where = right next to <my/{person}> office/hotel/apartment/school | <n> minutes from the airport/freeway/strip/station |
 hidden in a small shopping mall | close to downtown <city> | easy to find
good = 3* <item-good> | 3* <staff-good> | 2* <spot-good> | <price-good> | <extra-good/{kind}> .
bad = 3* <item-bad> | 3* <staff-bad> | 2* <spot-bad> | <price-bad> | <extra-bad/{kind}> .
soso = 3* <item-soso> | <staff-good2> , but <staff-bad2> . | <spot-good2> , but <price-bad2> . | <price-good2> , but
 <spot-bad2> .
item-good = 2* the <x> was <finely> . | 3* the <x> <plus/{kind}> . | <i/{person}> <loved> the <x> . | the <x> was
 <finely> and the <other/{kind}> was <fine> too . | <best-ever> . | <friend> said that the <other/{kind}> was <fine> .
item-bad = 2* the <x> was <poorly> . | 3* the <x> <minus/{kind}> . | <i/{person}> <hated> the <x> . | the <x> was
 <poorly> and the <other/{kind}> was <poor> too . | <worst-ever> . | <friend> said that the <other/{kind}> was <poor> .
item-soso = the <x> was <okay> , <nothing> . | the <x> was <okay> , but the <other/{kind}> was <poor> . | the <x> was
 <fine> , but the <other/{kind}> <minus/{kind}> . | the <other/{kind}> was <okay> . | the <x> was not bad , but
 <i/{person}> <have/{person}> had better .
best-ever = this was the best <x> that <i/{person}> <have/{person}> ever had | this is by far the best <x> in <city>
worst-ever = this was the worst <x> that <i/{person}> <have/{person}> ever had | <i/{person}> would not wish this <x> on
 an enemy
finely = 2* <fine> | <very> <good2>
poorly = 2* <poor> | <very> <bad2>
good2 = good | nice | enjoyable | impressive | pleasant
bad2 = bad | sad | disappointing | poor | unpleasant
very = 2* very | really | so | absolutely
fine = great | excellent | amazing | perfect | fantastic | wonderful | awesome | outstanding
poor = terrible | awful | horrible | dreadful | disgusting | pathetic | a joke | a disaster
okay = okay | decent | average | fine | alright | acceptable
nothing = nothing special | nothing more | nothing to write home about | but a bit boring | but not worth the drive
loved = loved | enjoyed | adored | keep dreaming of | cannot stop talking about
hated = hated | regretted | sent back | complained about | paid for
staff-good = <staff-good2> . | one <staff/{kind}> <nice/{kind}> . | the <staff/{kind}> , <name> , <nice/{kind}> . | a
 big thank you to <name> !
staff-bad = <staff-bad2> . | one <staff/{kind}> <rude/{kind}> . | the <staff/{kind}> , <name> , <rude/{kind}> . | when
 <i/{person}> asked for the manager , nobody came/cared/answered .
staff-good2 = the <staff/{kind}> was <very> <kind2> | everyone was <kind2> and <quick> | the service was <fine>
staff-bad2 = the <staff/{kind}> was <very> <rude2> | everyone was <rude2> and <lazy> | the service was <poor>
kind2 = friendly | helpful | polite | patient | attentive | professional | welcoming
quick = quick | cheerful | well trained | honest | funny | organized
rude2 = rude | slow | unfriendly | careless | arrogant | unhelpful | clueless
lazy = lazy | grumpy | confused | bored | dishonest | late
name = jenny | maria | mike | carlos | linda | steve | amy | jason | tina | tony | rachel | kevin
spot-good = <spot-good2> . | the <room/{kind}> looked <cosy> . | <i/{person}> liked the <decor> in the <room/{kind}> .
spot-bad = <spot-bad2> . | the <room/{kind}> looked <shabby> . | there was hair/dust/trash/mold in the <room/{kind}> .
spot-good2 = the <room/{kind}> was <cosy> | the place was <cosy> and <calm>
spot-bad2 = the <room/{kind}> was <shabby> | the place was <shabby> and <cold>
cosy = clean | cosy | bright | spotless | modern | tidy | lovely | well kept
calm = quiet | charming | comfortable | spacious | cheerful | warm
shabby = dirty | dark | filthy | smelly | run down | worn out
cold = cold | noisy | crowded | gloomy | uncomfortable | stuffy
decor = music | lighting | paintings | flowers | decor | candles
price-good = <price-good2> . | <i/{person}> paid only <price> dollars , which is a bargain . | it is worth every
 penny/cent . | parking is free and easy .
price-bad = <price-bad2> . | <i/{person}> paid <price> dollars for nothing . | <i/{person}> want <my/{person}> money
 back ! | parking is a nightmare .
price-good2 = the prices are <fair> | the <x> is a great/good deal
price-bad2 = the prices are <unfair> | the <x> is overpriced/expensive
fair = reasonable | fair | low | unbeatable
unfair = too high | ridiculous | outrageous | a rip off
price = ten | fifteen | twenty | thirty | forty | sixty | ninety
aside = <i/{person}> had to wait about/nearly/almost <minutes> minutes . | there was <crowd> . | they are open until
 nine/ten/eleven/midnight on <day> . | it was raining/snowing/pouring that <day> . | the place has <been> for
 years/decades . | they accept/sell gift cards/coupons . | you can pay in cash or by card . | do not confuse it with the
 other <place/{kind}> on main/oak/first street .
been = been here | been in the family | had the same owner/name
minutes = five | ten | fifteen | twenty | thirty | forty
crowd = nobody/somebody else in the <room/{kind}>
end/0 = never again ! | stay away from this <place/{kind}> ! | <i/{person}> will never come back . | save your money and
 go somewhere else . | zero stars if that was possible .
end/1 = <i/{person}> doubt that <i/{person}> will come back . | there are better places in <city> . | <i/{person}>
 expected more . | two stars because of the <other/{kind}> . | very disappointed .
end/2 = <i/{person}> might give it another chance/try . | overall it was just okay . | three stars from <me/{person}> .
 | it is fine if you are in a hurry . | hit or miss .
end/3 = <i/{person}> will probably be back . | overall a nice/solid/pleasant experience . | four stars , because the
 <other/{kind}> could be better . | worth a visit . | <i/{person}> would recommend it to a friend .
end/4 = <i/{person}> cannot wait to come back ! | highly recommended ! | <my/{person}> new favorite <place/{kind}> in
 <city> ! | five stars , no doubt about it ! | keep up the good/great work , <name> !
"""


def rules() -> dict[str, str]:
    """The grammar's rules, with each kind's things as symbols of their own."""
    found = read_rules(FRAMES + WORDS)
    for kind in KINDS:
        names = found.pop(f"x/{kind}").split(" | ")
        found |= {f"x/{kind}/{item}": name for item, name in zip(ITEMS, names, strict=True)}
    return found
