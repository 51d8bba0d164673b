"""Runs a program on a pseudo-terminal: pty.py COLUMNS DIALOG PROGRAM [ARGUMENT ...]

DIALOG is a JSON list of pairs: when the first has been printed, the second is typed, ten seconds later if it begins with
`<wait>`. What the terminal shows goes to stdout. Exits as the program does, or with 124 when it prints nothing for a minute.
"""
import fcntl, json, os, pty, select, struct, sys, termios, time

columns, dialog, words = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    os.execvp(words[0], words)
shown = b""
while True:
    if not select.select([terminal], [], [], 60)[0]:
        os.kill(child, 9)
        sys.exit(124)
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    sys.stdout.buffer.write(part)
    shown += part
    while dialog and dialog[0][0].encode() in shown:
        expected, typed = dialog.pop(0)
        shown = shown.split(expected.encode(), 1)[1]
        if typed.startswith("<wait>"):
            time.sleep(10)
            typed = typed.removeprefix("<wait>")
        os.write(terminal, typed.encode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
