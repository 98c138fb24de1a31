"""The assistant: finds devices on a line, and shows what their registers may mean.

It asks with function codes 1 to 4, as everything here does, and at most five times a second. What
it concludes says on what it rests.
"""
