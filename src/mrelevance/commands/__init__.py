"""The commands of the command line, one module each.

Every module has `HELP`, one line that says what the command does; `add_arguments(parser)`; and
`run(options)`, which returns the exit status. `mrelevance.__main__` lists them.
"""
