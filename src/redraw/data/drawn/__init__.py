"""Pictures and documents made from nothing: stand-ins for public data sets. No torch.

A picture, its captions and its attributes follow from (seed, class, index) alone, a scene's from (seed, index), so that
any one of them can be made again without the others, in any order and in any process.
"""
