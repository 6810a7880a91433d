"""The playbooks there are, one file each."""

from shuke.outreach.playbooks.books.beauty import BEAUTY
from shuke.outreach.playbooks.books.restaurant import RESTAURANT
from shuke.outreach.playbooks.books.retail import RETAIL

BOOKS = {book.code: book for book in (RETAIL, RESTAURANT, BEAUTY)}
