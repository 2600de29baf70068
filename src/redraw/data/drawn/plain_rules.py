"""What the grammar of plain questions writes: five sentences, each of which names its topic once, at its end.

Between two names lies a whole sentence that says nothing of the topic. A model that sees a few words back, or that has not yet
learned to look further, pays for the topic in every sentence; a code of the whole document pays for it once. In the grammar of
questions and answers every few words tell the topic, so that a code saves next to nothing of its price.
"""

from __future__ import annotations

from .grammars import read_rules

THINGS = {
    "society": "carnival | custom | prayer | proverb",
    "science": "comet | volcano | crystal | magnet",
    "health": "headache | cough | fever | rash",
    "education": "essay | thesis | speech | poem",
    "computers": "laptop | printer | router | tablet",
    "sports": "racket | skateboard | helmet | kayak",
    "business": "loan | mortgage | patent | lease",
    "entertainment": "movie | song | novel | cartoon",
    "family": "wedding | honeymoon | reunion | divorce",
    "politics": "election | treaty | petition | campaign",
}
"""Four of each topic, whose names are those of yahoo_rules.TOPICS."""

LATENTS = {"topic": dict.fromkeys(THINGS, 1)}

FRAMES = """
document = <sentence> <sentence> <sentence> <sentence> <sentence>
sentence = <by-the-way> can anybody here tell me about this <x/{topic}> . | <by-the-way> my neighbors have always wanted a
 <x/{topic}> . | <by-the-way> nobody knows what to do with the <x/{topic}> . | <by-the-way> last week they showed us
 another <x/{topic}> . | <by-the-way> we never had enough time for our <x/{topic}> .
by-the-way = well , | so | now then , | okay
"""


def rules() -> dict[str, str]:
    """The grammar's rules, with each topic's things as a symbol of its own."""
    return read_rules(FRAMES) | {f"x/{topic}": names for topic, names in THINGS.items()}
