"""The command line: thin. It parses, calls the library, and prints.

`main` finds the command, `parsing` reads what was typed, one module a command runs it, and
`text`, `table`, `hits` and `output` show what came out.
"""
