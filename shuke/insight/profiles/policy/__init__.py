"""What is decided of members' purchases: histories, likelihoods, marks and judgements; no database, no clock."""
