"""What the page "Performance and fairness" shows: judged examples, wishes, figures, curves."""
