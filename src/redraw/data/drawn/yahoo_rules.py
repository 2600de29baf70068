"""What the grammar of questions and answers writes: ten topics with Yahoo's names, four kinds of people, three tones."""

from __future__ import annotations

from .grammars import read_rules
from .yahoo_words import WORDS

TOPICS = ("society", "science", "health", "education", "computers", "sports", "business", "entertainment", "family",
          "politics")  # fmt: skip
"""Yahoo! Answers' ten: Society & Culture, Science & Mathematics, Health, … Politics & Government (first words, in order)."""
ITEMS = tuple("01234567")

LATENTS = {
    "topic": dict.fromkeys(TOPICS, 1),
    "item": dict.fromkeys(ITEMS, 1),
    "person": {"i": 4, "we": 1, "she": 2, "he": 2},
    "length": {"short": 3, "medium": 4, "long": 3},
    "tone": {"friendly": 3, "plain": 3, "blunt": 2},
}
"""``item`` is which of its topic's eight things the document is about."""

FRAMES = """
document = <body/{length}>
body/short = <ask-named> <open/{tone}> <advise/{tone}> <close/{tone}>
body/medium = <begin> <open/{tone}> <advise/{tone}> <inform> <close/{tone}>
body/long = <begin> <plea> <open/{tone}> <advise/{tone}> <inform> <advise/{tone}> <inform> <close/{tone}>
x = <x/{topic}/{item}>
np = 3* <x> | 3* <adj/{topic}> <x> | <common> <x>
common = real | certain | serious | simple | typical | terrible | proper
begin = 11* <ask-named> <story> | 8* <ask-open> <story-named>
ask-open = 3* what is the <best> way to <v/{topic}> <a:np> ? | 2* does <anyone> know how to <v/{topic}> <a:np> ? | is it
 <hard> to <v/{topic}> <a:np> <anywhen> ? | why is it so <tough> to <v/{topic}> <a:np> ? | how long does it take to
 <v/{topic}> <a:np> ?
ask-named = 4* how can <S/{person}> <v/{topic}> <a:np> <when> ? | 2* where can <S/{person}> get <help> <a:np> ? | 2*
 what should <S/{person}> do when the <x> <woe/{topic}> ? | should <S/{person}> <tip/{topic}> or <v/{topic}> the <x>
 first ? | 2* the <x> <woe/{topic}> , what can <S/{person}> do ?
best = 3* best | easiest | fastest | cheapest | right | safest | smartest
anyone = 3* anyone | anybody | someone here | one of you
help = 2* help with | some advice on | more information about | a second opinion on
hard = 3* hard | difficult | easy | expensive | risky | normal | possible
tough = hard | difficult | tricky | complicated | expensive
when = 7* <anywhen> | on <s-own/{person}> own
anywhen = 3* without <loss> | this <time> | in <span> | at home | for the first time | here in <city>
loss = spending too much money | any experience | wasting time | making a mistake | asking <who/{topic}>
time = year | month | week | summer | winter | weekend | spring | fall
span = a hurry | one day | two weeks | three months | a short time | less than an hour
tips = 2* <tip/{topic}> | <tip/{topic}> <manner>
manner = right away | as soon as possible | at least once | from time to time | with a friend | more often | again |
 without delay | for a start | whenever possible | with great care | this <time>
story = 4* <ago> <she/{person}> <past/{topic}> , <but> the <x> <woe/{topic}> . | 2* <she/{person}> <wants/{person}> to
 <aim/{topic}> , but <trouble/{person}> . | <she/{person}> already tried to <tips> , but that did not <work> . |
 <who/{topic}> told <her/{person}> to <tips> , <but> the <x> <woe/{topic}> . | <she/{person}> asked <name> , <a:job>
 from <city> , and got <a:kind> answer , but it did not <work> .
ago = last <time> | <few> days ago | <few> weeks ago | yesterday | recently | this morning | last <day> | in <month>
few = a few | two | three | four | ten | six
day = monday | tuesday | wednesday | thursday | friday | saturday | sunday | night
month = january | february | march | april | may | june | july | august | september | october | november | december
but = 3* but | and | and sadly | but unfortunately | and as always
work = work | help | change anything | make any difference | last long
trouble/i = i am <new> | i have <lack> | i do not know anything about <subj/{topic}>
trouble/we = we are <new> | we have <lack> | we do not know anything about <subj/{topic}>
trouble/she = she is <new> | she has <lack> | she does not know anything about <subj/{topic}>
trouble/he = he is <new> | he has <lack> | he does not know anything about <subj/{topic}>
new = only nineteen years old | new to all this | too shy to ask | completely lost | worried about the cost | running
 out of patience
lack = no money left | very little time | no idea where to start | never done this before | only one chance
plea = please <tell> if you know anything about <subj/{topic}> . | any <kind> answer is welcome ! | thanks in advance
 for your <help2> ! | <serious> answers only , please . | the person with the <good> answer gets ten points !
tell = answer | reply | help | write back | send me an email
kind = honest | useful | quick | detailed | friendly
help2 = help | time | ideas | suggestions | answers
serious = serious | polite | sensible | adult
good = best | most useful | funniest | first good
open/friendly = hello , i had the same problem with <a:np> . | do not worry , this happens to <many> people . | great
 question ! | oh , i know exactly how <s/{person}> <feels/{person}> . | my <kin> had to <v/{topic}> <a:np> too , and it
 went well .
open/plain = it depends on the <x> . | the <best> way is to <tips> . | yes , <s/{person}> can , as long as <s/{person}>
 <does/{person}> it carefully . | in most cases it is enough to <tips> . | there are two ways to <v/{topic}> <a:np> .
open/blunt = forget it . | are you serious ? | this has been asked a hundred times . | nobody needs <a:np> anyway . |
 why would anyone want to <v/{topic}> <a:np> ? | use the search button next time .
many = many | a lot of | most | all sorts of
kin = sister | uncle | neighbor | roommate | boss | grandmother | cousin | nephew | colleague
relative = my <aunt> <girl> | my <uncle> <boy>
aunt = sister | grandmother | aunt | roommate | colleague | niece
uncle = uncle | neighbor | boss | grandfather | nephew | cousin
says = says | always says | thinks | believes | swears
name = <girl> | <boy>
girl = anna | maria | susan | linda | emily | rachel | julia | karen | laura | nancy | sophie | tina | rosa | diane |
 helen | grace
boy = tom | peter | david | kevin | mark | brian | carlos | steve | eric | george | henry | frank | paul | victor | leo
 | oscar
city = boston | chicago | texas | london | toronto | sydney | florida | ohio | denver | seattle | dublin | california |
 mumbai | atlanta | paris | montreal | new york | las vegas
job = retired nurse | carpenter | student | waitress | young engineer | truck driver | soldier | housewife | bus driver
 | former teacher | farmer | part time model | baker | electrician | web designer | firefighter
advise/friendly = <first> , <s/{person}> could <tip/{topic}> , and then <tips> . | <s/{person}> might want to <tips> if
 <s/{person}> <wants/{person}> to <aim/{topic}> . | maybe <who/{topic}> can help <o/{person}> to <v/{topic}> the <x> . |
 it always helps to <tips> , believe me . | when my <kin> wanted to <aim/{topic}> , <who/{topic}> was very kind .
advise/plain = <s/{person}> should <tips> before <s/{person}> <tries/{person}> to <v/{topic}> the <x> . | to
 <aim/{topic}> , <tip/{topic}> . | <first> , <tips> . | if the <x> <woe/{topic}> , <s/{person}> should ask <who/{topic}>
 . | most people <tip/{topic}> when they want to <aim/{topic}> .
advise/blunt = just <tips> and stop complaining . | <s/{person}> will never <aim/{topic}> that way . | go and ask
 <who/{topic}> . | only a fool would <v/{topic}> <a:np> <anywhen> . | <s/{person}> should have asked <who/{topic}>
 <span2> ago .
first = first | first of all | to begin with | at the beginning
span2 = years | weeks | months | a long time
inform = 2* <fact/{topic}> . | 3* <name> , <a:job> from <city> , <says> that <fact/{topic}> . | <relative> <says> that
 <fact/{topic}> . | remember that <fact/{topic}> . | as far as i know , <fact/{topic}> . | <who/{topic}> once told me
 that <fact/{topic}> . | most people do not know that <fact/{topic}> . | i have read that <fact/{topic}> . | it is true
 that <fact/{topic}> , but every <x> is different .
close/friendly = 2* good luck ! | greetings from <city> ! | <day> is a good day to start ! | i hope this helps ! | good
 luck with the <x> ! | let us know how it goes . | best wishes to <o-you/{person}> !
close/plain = 2* hope that helps . | source : <source> . | see the link below . | that is all i know about
 <subj/{topic}> . | good luck .
close/blunt = end of story . | next question ! | it is not that hard . | grow up . | i am just being honest .
source = <n> years of experience | my own experience | a friend who knows a lot about <subj/{topic}> | common sense | an
 old book
n = five | ten | fifteen | twenty
S/i = i
S/we = 2* we | my friends and i | my wife and i | my brother and i
S/she = my sister | my mother | my girlfriend | my daughter | my aunt | 3* my friend <girl> | my <bond> <girl>
S/he = my brother | my father | my boyfriend | my son | my uncle | 3* my friend <boy> | my <bond> <boy>
bond = cousin | neighbor | classmate | old friend
she/i = i
she/we = we
she/she = she
she/he = he
HER/i = me
HER/we = us
HER/she = <S/she>
HER/he = <S/he>
her/i = me
her/we = us
her/she = her
her/he = him
s/i = you
s/we = you
s/she = she
s/he = he
s-own/i = my
s-own/we = our
s-own/she = her
s-own/he = his
o/i = you
o/we = you both
o/she = her
o/he = him
o-you/i = you
o-you/we = all of you
o-you/she = her
o-you/he = him
wants/i = want | hope | need
wants/we = want | hope | need
wants/she = wants | hopes | needs
wants/he = wants | hopes | needs
feels/i = feel
feels/we = feel
feels/she = feels
feels/he = feels
does/i = do
does/we = do
does/she = does
does/he = does
tries/i = try | start | decide
tries/we = try | start | decide
tries/she = tries | starts | decides
tries/he = tries | starts | decides
"""


def rules() -> dict[str, str]:
    """The grammar's rules, with each topic's things as symbols of their own."""
    found = read_rules(FRAMES + WORDS)
    named = found["story"].replace("<she/{person}>", "<S/{person}>").replace("<her/{person}>", "<HER/{person}>")
    found["story-named"] = named  # after a question that names nobody
    for topic in TOPICS:
        names = found.pop(f"x/{topic}").split(" | ")
        found |= {f"x/{topic}/{item}": name for item, name in zip(ITEMS, names, strict=True)}
    return found
