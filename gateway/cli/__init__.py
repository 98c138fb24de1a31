"""The command ``werkverbund``: ten-line commands in front of the rooms."""
