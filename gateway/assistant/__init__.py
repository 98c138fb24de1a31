"""The assistant: finds devices on a line, and shows what their registers may mean.

It asks at most five times a second, with function codes 1 to 4 as everything here does; a scan also
asks devices what they are (17 and 43/14). What it concludes says on what it rests.
"""
