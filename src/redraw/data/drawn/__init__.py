"""Birds and flowers drawn from nothing, with captions: stand-ins for CUB-200-2011 and Oxford-102. No torch.

A picture, its captions and its attributes follow from (seed, class, index) alone, so that any one of them can be made
again without the others, in any order and in any process.
"""
