"""What a run says of itself: one Report, from which JSON, HTML, JUnit and the terminal are made."""
