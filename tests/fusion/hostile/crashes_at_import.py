"""Takes the interpreter with it that imports it."""

import os

os.abort()
