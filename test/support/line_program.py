"""Programs of ours that read and answer lines, and end with their standard input."""

import subprocess


class LineProgram:
    """As a context manager. Its errors are appended to the file `log`; without one they go where ours go. `options` are
    Popen's."""

    def __init__(self, *command, log=None, **options):
        self.command = [str(word) for word in command]
        self.log, self.options = log, options

    def __enter__(self):
        errors = open(self.log, "ab") if self.log else None
        try:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, **self.options)
        finally:
            if errors:
                errors.close()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self):
        """The next one; empty when the program has ended."""
        return self.process.stdout.readline()
