"""Pure rulings: a subject and what is known of it go in, a verdict comes out."""
