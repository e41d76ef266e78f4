"""The page on which readers compare or rate images, blind and in random order."""
