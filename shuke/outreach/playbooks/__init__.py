"""Industry playbooks: what a shop of one industry begins with, installed in one click, removable while unused."""

from shuke.outreach.playbooks.actions import install, remove
from shuke.outreach.playbooks.books import BOOKS
from shuke.outreach.playbooks.policy import Book
from shuke.outreach.playbooks.queries import NoSuchBook, PartShape, preview

__all__ = ["BOOKS", "Book", "NoSuchBook", "PartShape", "install", "preview", "remove"]
