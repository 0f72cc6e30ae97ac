from tests.golden import EVENTS, write

for event in EVENTS:
    write(event)
