"""Runs a program on a terminal, and answers what it asks: on_a_terminal.py '[["prompt", "answer"], ...]' PROGRAM ARG..."""
import json
import os
import pty
import sys
import termios

answers = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
said = b""
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:  # the other end is closed
        break
    if not more:
        break
    said += more
    if answers and answers[0][0].encode() in said:
        # What was said before an answer does not count for the next.
        sys.stdout.buffer.write(said)
        said = b""
        os.write(terminal, answers.pop(0)[1].encode() + b"\n")
sys.stdout.buffer.write(said)
if not termios.tcgetattr(terminal)[3] & termios.ECHO:
    sys.exit("the terminal was left without an echo")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
