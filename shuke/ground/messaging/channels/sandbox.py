"""The provider of a shop without accounts: nothing leaves the house, the log keeps what would have been sent.

It answers at once and cannot fail, so its messages are sent in the transaction that writes them. A provider behind a
network is asked by a job after the commit, with the message's key, and writes the answer to the same row.
"""

NAME = "sandbox"
STATE = "sent"
