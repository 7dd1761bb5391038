#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sharpgrid watch` in a terminal beside real runs, which end and are killed: check_watch.py PROGRAM."""

import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

STUDY = """
study: watched
data: {set: synthetic, examples: 512, inputs: 16, classes: 4}
model: {kind: fcn, depth: [2, 3], width: [16, 32]}
training: {batch: 64, steps: 40}
grid: {c: %s, seeds: %d}
sharpness: {examples: 256}
"""
GRID, SEARCH = "{log2_min: 0, log2_max: 6, step: 0.25}", "{search: true, log2_min: 0, log2_max: 6}"
PATIENCE = 300  # s, of what takes seconds where nothing is slow


def expect(condition, message):
    if not condition:
        sys.exit(f"check_watch: {message}")


class Terminal:
    """A program in a terminal of its own, and what its window shows."""

    def __init__(self, command, columns=80, rows=24, **environment):
        self.master, self.slave = pty.openpty()
        self.lines, self.row, self.column, self.modes, self.text = [""] * rows, 0, 0, {}, ""
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(self.slave)
        base = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        self.process = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=base | {"TERM": "xterm"} | environment)

    def resize(self, columns, rows):
        """Lines of the old window stay, as in a terminal, as far as there is room."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.columns = columns
        self.lines = (self.lines + [""] * rows)[:rows]
        self.row = min(self.row, rows - 1)

    def act(self, number, letter):
        if letter == "A":
            self.row -= int(number)
            expect(self.row >= 0, "a frame begins above the window")
        elif letter == "H":
            self.row = self.column = 0
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J":
            first = 0 if number == "2" else self.row + 1
            self.lines[self.row] = self.lines[self.row][:self.column]
            self.lines[first:] = [""] * (len(self.lines) - first)
        else:
            expect(letter in "hlm", f"an unknown sequence {number}{letter}")
            self.modes[number if letter in "hl" else "m"] = letter in "h" or number == ""

    def take(self, text):
        self.text += text
        for part in re.findall(r"\x1b\[\??[0-9;]*[A-Za-z]|.|\n", text, re.S):
            if part.startswith("\x1b["):
                self.act(part[2:-1], part[-1])
            elif part == "\r":
                self.column = 0
            elif part == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines, self.row = self.lines[1:] + [""], self.row - 1
            else:
                if self.column == self.columns:  # a message, at the end; a frame asks for no wrapping
                    expect(self.modes.get("?7", True), f"a line is wider than the window: {self.lines[self.row]}")
                    self.take("\r\n")
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[:self.column] + part + line[self.column + 1:]
                self.column += 1

    def read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            with contextlib.suppress(OSError):
                self.take(os.read(self.master, 65536).decode())

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition("\n".join(self.lines)):
            expect(time.monotonic() < end, f"{what}: not seen in\n" + "\n".join(self.lines))
            self.read(0.1)

    def ended(self):
        """Its exit code, when it has left the terminal as it was."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            expect(time.monotonic() < end, "it does not end")
            self.read(0.05)
        self.read(0)
        expect(all(self.modes.values()), f"modes are left in the terminal: {self.modes}")
        expect(termios.tcgetattr(self.slave) == self.settings, "the terminal's settings are changed")
        expect(self.column == 0, "the cursor is not at the beginning of a line")
        os.close(self.master)
        os.close(self.slave)
        return self.process.returncode


class Check:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, name, axis, seeds):
        study = self.folder / f"{name}.yaml"
        study.write_text(STUDY % (axis, seeds))
        lock = pathlib.Path(f"{self.path(name)}.lock")
        lock.unlink(missing_ok=True)  # of a run that was killed
        run = subprocess.Popen(
            [self.program, "run", study, "-o", self.path(name), "--workers", "1", "--commit-seconds", "0.05",
             "--commit-networks", "16"], stderr=subprocess.DEVNULL)
        while not (self.path(name).exists() and lock.exists() and lock.read_text()):
            expect(run.poll() is None, f"the run {name} ended with {run.returncode}")
            time.sleep(0.01)
        return run

    def path(self, name):
        return self.folder / f"{name}.h5"

    def watch(self, name, *arguments, **environment):
        return Terminal([self.program, "watch", self.path(name)], *arguments, **environment)

    def piped(self, name):
        return subprocess.Popen([self.program, "watch", self.path(name)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    @contextlib.contextmanager
    def held(self, name):
        """As a run holds its file before it writes it."""
        lock = pathlib.Path(f"{self.path(name)}.lock")
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        lock.unlink()


def rising(numbers, what):
    expect(numbers == sorted(numbers), f"{what} became less: {numbers}")
    expect(len(set(numbers)) > 2, f"{what} did not rise: {numbers}")


def beside_a_run(check):
    """One watch in a window that changes, one without colours until Ctrl-C, one in a pipe."""
    run = check.run("grid", GRID, 8)
    piped, screen, plain = check.piped("grid"), check.watch("grid"), check.watch("grid", NO_COLOR="1")
    for one in (screen, plain):
        one.until(lambda text: "watched: fcn" in text and "running" in text and "L loss" in text, "a diagram")
    plain.until(lambda text: " left, " in text, "an estimate")
    os.write(plain.master, b"\x03")
    expect(plain.ended() == 0, "Ctrl-C is a failure")
    expect("m" not in plain.modes and "m" in screen.modes, "NO_COLOR, or a terminal without it, is not respected")
    screen.resize(50, 12)
    screen.until(lambda text: "page 1 of" in text and "c_max" not in text, "a smaller window")
    screen.resize(80, 24)
    screen.until(lambda text: "complete" in text and "to come" not in text, "the end")
    expect(run.wait() == 0 and screen.ended() == 0, "a run that is complete is a failure")
    expect("[====================] 100 %, 800 networks" in screen.lines, f"at the end {screen.lines}")
    text, error = piped.communicate(timeout=PATIENCE)
    expect(piped.returncode == 0 and error == "" and "\x1b" not in text, f"in a pipe: {error}{text}")
    seen = [int(n) for n in re.findall(r"; (\d+) of 800 networks", text)]
    rising(seen, "networks")
    rising([int(n) for n in re.findall(r"^(\d+) %", text, re.M)], "the share")
    once = subprocess.run([check.program, "watch", check.path("grid")], capture_output=True, text=True, check=True)
    expect(text.endswith(once.stdout) and once.stdout.startswith("watched: fcn"), "the snapshot at the end")
    return f"{len(seen)} commits"


def killed(check):
    run = check.run("killed", SEARCH, 3)
    screen = check.watch("killed")
    screen.until(lambda text: "of about" in text and " left, " in text, "an estimate")
    run.kill()
    run.wait()
    expect(screen.ended() == 75, "a killed run ends a watch with another code than 75")
    text = "\n".join(screen.lines)
    expect("its run was killed" in text and "sharpgrid repair" in text, f"a kill is not said:\n{text}")
    run = check.run("killed", SEARCH, 24)  # more than was killed: it goes on for many looks at the file
    piped = check.piped("killed")
    text, error = piped.communicate(timeout=PATIENCE)
    expect(run.wait() == 0 and piped.returncode == 0, f"after the kill: {error}{text}")
    rising([int(n) for n in re.findall(r"^(\d+) %", text, re.M)], "the share of a search")
    expect(re.search(r"\] 100 %, \d+ networks$", text, re.M), f"a search that is complete: {text}")


def strange_files(check):
    """What is put in the place of a file that is watched."""
    def ends(name, replace, says):
        shutil.copy(check.path("grid"), check.path(name))
        with check.held(name):
            screen = check.watch(name)
            screen.until(lambda text: "taken up by a run" in text, "a file that is held")
            replace(check.path(name))
            if says != "removed":
                expect(screen.ended() == 3, "it is not refused")
        expect(screen.process.poll() == 3 or screen.ended() == 3, "it is not refused")
        expect(says in screen.text, f"{says} is not said: {screen.text}")

    ends("letter", lambda path: path.write_text("Dear reader"), "not an HDF5 file")
    ends("cut", lambda path: os.truncate(path, 5000), "truncated")
    ends("gone", lambda path: path.unlink(), "removed")
    with check.held("awaited"):
        screen = check.watch("awaited")
        screen.until(lambda text: "has not begun" in text, "a run that has not begun")
        shutil.copy(check.path("grid"), check.path("awaited"))
        screen.until(lambda text: "800 networks" in text, "its file")
        shutil.copy(check.path("killed"), check.path("other"))
        os.rename(check.path("other"), check.path("awaited"))
        screen.until(lambda text: "another study" in text, "a study that took its place")
        screen.process.send_signal(signal.SIGTERM)
        expect(screen.ended() == 0, "SIGTERM is a failure")


def main():
    expect(len(sys.argv) == 2, "usage: check_watch.py PROGRAM")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        check = Check(sys.argv[1], pathlib.Path(name))
        seen = beside_a_run(check)
        killed(check)
        strange_files(check)
    print(f"watched runs to their end, to a kill and after it ({seen}), and what is no output, "
          f"in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
