"""Drawing, driving, judging, shrinking and telling runs, of whatever level: a level says what programs are and how one is played."""
