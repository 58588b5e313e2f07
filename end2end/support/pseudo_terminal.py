"""Runs a program in a pseudo-terminal and answers its prompts.

    pseudo_terminal.py '[["prompt", "answer"], ...]' PROGRAM ARG...
"""
import json
import os
import pty
import sys
import termios

answers = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
output = b""
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:  # the program has closed the terminal
        break
    if not chunk:
        break
    output += chunk
    if answers and answers[0][0].encode() in output:
        # The next prompt must appear in later output.
        sys.stdout.buffer.write(output)
        output = b""
        os.write(terminal, answers.pop(0)[1].encode() + b"\n")
sys.stdout.buffer.write(output)
if not termios.tcgetattr(terminal)[3] & termios.ECHO:
    sys.exit("the program left the terminal without echo")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
