------------------------------- MODULE Server -------------------------------
(***************************************************************************)
(* The model of level server, a second time and by hand: the twin of the   *)
(* core of model/server/transitions.py.  The two are kept apart on         *)
(* purpose.  TLC and `subwarden prove --level server` must find the same   *)
(* number of distinct states in every scope, the same verdicts, and        *)
(* counterexamples of the same length; otherwise one of the two models is  *)
(* wrong.                                                                  *)
(*                                                                         *)
(* The core: initialize, close, start, resume, unsubscribe, archive, their *)
(* answers, and an engine that brings conversations or fails.  Left out:   *)
(* forks, lists, explicit ids, turns and rollbacks, cancelled handlers,    *)
(* conversations that end by themselves, and requests of connections that  *)
(* are not initialized; also liveness (P7, P14), which `prove` judges.     *)
(*                                                                         *)
(* A state is one record, so that each step can be read as a function of   *)
(* it.  Whatever happens, every request in flight may from then on be      *)
(* answered what is right in the new state: Settle.  A change that several *)
(* requests may have made is a step for each of them; the one that made it *)
(* may not be answered any more what was right before it did: Done.        *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
  C,        \* number of connections
  T,        \* number of threads
  F,        \* requests in flight at a time
  Defect    \* "none", or the planted defect

VARIABLE s
(* s.live     connections that are initialized and not gone                *)
(* s.asked    connections that asked to be initialized                     *)
(* s.closed   connections whose client went                                *)
(* s.gone     connections whose close was carried out, for good            *)
(* s.stored   threads in the store                                         *)
(* s.loaded   thread -> its conversation (0: not loaded), whether it is    *)
(*            about to be unloaded, and whether its last subscriber left   *)
(*            it by an unsubscribe, and nobody has come since              *)
(* s.grants   <<thread, connection>> that are subscribed                   *)
(* s.owed     <<thread, connection>> told so, and not subscribed yet       *)
(* s.flight   the requests in flight, in the order of their arrival        *)
(* s.barred   <<thread, connection>> unsubscribed, by an answer that no    *)
(*            subscribing request overlapped, and not asked for since      *)
(* s.past     conversations that were unloaded and that a request knows    *)

Connections == 1..C
Threads     == 1..T
Pairs       == Threads \X Connections

Requests == {[op |-> "initialize", c |-> c, t |-> 0] : c \in Connections}
       \cup {[op |-> o, c |-> c, t |-> t] : o \in {"start", "resume", "unsubscribe", "archive"}, c \in Connections, t \in Threads}

Subscribing == {"start", "resume"}   \* requests that subscribe, and that may have to wait for the engine

\* A guard as one value: TLC would else count a step once for each way in which its guard is so.
Is(guard) == guard = TRUE

-----------------------------------------------------------------------------
(* What can be said of a state x, and of requests.                         *)

IsLoaded(x, t)   == x.loaded[t].v # 0
Running(x, t)    == IsLoaded(x, t) /\ ~x.loaded[t].closing
There(x, t)      == IsLoaded(x, t) \/ t \in x.stored
Linked(x, t, c)  == <<t, c>> \in x.grants
Subscribed(x, t) == \E p \in x.grants \cup x.owed : p[1] = t
Places(x)        == DOMAIN x.flight
Archiving(x, t)  == \E i \in Places(x) : x.flight[i].op = "archive" /\ x.flight[i].t = t
OfPair(f, t, c)  == f.t = t /\ f.c = c

(* Which answers are right in x for a request f.                           *)

\* A subscription that f has made, or found, may have ended since.
MayHaveEnded(x, f) == IF f.found /\ ~Linked(x, f.t, f.c) THEN {"ended"} ELSE {}

\* The conversation that was brought for f was unloaded, or must not be loaded. One on its way into the registry has not gone.
HasGone(x, f) == f.ended \/ (f.replied # 0 /\ ~There(x, f.t))

StartReplies(x, f) ==
  (IF f.done \/ (f.replied # 0 /\ Linked(x, f.t, f.c)) THEN {"ok"}   \* linked by it, or by another in flight
   ELSE IF f.replied # 0 /\ f.c \in x.closed THEN {"ok", "ended"}
   ELSE IF HasGone(x, f) THEN {"ended"} ELSE {})
  \cup (IF f.replied # 0 /\ IsLoaded(x, f.t) /\ ~Running(x, f.t) THEN {"ended"} ELSE {})   \* it may show still, and is about to end
  \cup MayHaveEnded(x, f)

ResumeReplies(x, f) ==
  (IF Running(x, f.t)                                   \* it may be told before it shows; then it is owed
   THEN {"ok"} \cup (IF f.c \in x.closed THEN {"ended"} ELSE {})
   ELSE IF f.done THEN {"ended"}
   ELSE IF IsLoaded(x, f.t) THEN {"closing", "ended"}
   ELSE IF HasGone(x, f) THEN {"ended", "failed"}
   ELSE IF "ok" \in f.may THEN {"ended"} ELSE {})        \* it was running when that was asked
  \cup (IF ~f.done /\ (~There(x, f.t) \/ Archiving(x, f.t)) THEN {"not found"} ELSE {})
  \cup MayHaveEnded(x, f)

UnsubscribeReplies(x, f) ==
  IF f.done THEN {"ok"}
  ELSE IF Linked(x, f.t, f.c) \/ <<f.t, f.c>> \in x.owed THEN {}
  ELSE {IF IsLoaded(x, f.t) THEN "not subscribed" ELSE "not loaded"}

ArchiveReplies(x, f) ==
  (IF ~Running(x, f.t) /\ f.t \notin x.stored THEN {"ok"} ELSE {}) \cup (IF ~f.done /\ ~There(x, f.t) THEN {"not found"} ELSE {})

Replies(x, f) ==
  (CASE f.op = "initialize"  -> {"ok"}
     [] f.op = "start"       -> StartReplies(x, f)
     [] f.op = "resume"      -> ResumeReplies(x, f)
     [] f.op = "unsubscribe" -> UnsubscribeReplies(x, f)
     [] f.op = "archive"     -> ArchiveReplies(x, f))
  \cup (IF f.c \notin x.live /\ f.op # "initialize" /\ ~f.done THEN {"not initialized"} ELSE {})
  \cup (IF f.failed /\ ~f.done THEN {"failed"} ELSE {})

Finds(x, f) == f.op \in Subscribing /\ Linked(x, f.t, f.c)

(* Every request may be answered what is right now, from now on; and what  *)
(* nothing mentions any more is forgotten.                                 *)
Settle(x) ==
  LET known == {x.flight[i].replied : i \in Places(x)} \cup {x.loaded[t].v : t \in Threads}
  IN  [x EXCEPT !.flight = [i \in Places(x) |-> [x.flight[i] EXCEPT !.may = @ \cup Replies(x, x.flight[i]),
                                                                      !.found = @ \/ Finds(x, x.flight[i])]],
                !.barred = {p \in @ : p[2] \notin x.gone},
                !.past   = @ \cap known]

\* In these requests in flight, the one at place i has made its change.
Done(flight, i) == [flight EXCEPT ![i].done = TRUE, ![i].may = {}]

(* The ways in which an archive of t has done a part of its work. One that *)
(* has done another part may have done this too, and then the others need  *)
(* have done nothing.                                                      *)
ByAnArchive(flight, t) ==
  LET asked == {i \in DOMAIN flight : flight[i].op = "archive" /\ flight[i].t = t}
  IN  IF \E i \in asked : flight[i].done THEN {flight} ELSE {Done(flight, i) : i \in asked}

-----------------------------------------------------------------------------
(* From outside.                                                           *)

\* A thread's number may be a new thread's when nothing is left of an old one.
Free(t) == ~There(s, t) /\ ~Subscribed(s, t) /\ \A i \in Places(s) : s.flight[i].t # t

CanCome(r) ==
  /\ r.c \notin s.closed
  /\ IF r.op = "initialize" THEN r.c \notin s.asked ELSE r.c \in s.live
  /\ r.op = "start" => Free(r.t)

Arrives(r) ==
  /\ Len(s.flight) < F /\ CanCome(r)
  /\ LET pair    == <<r.t, r.c>>
         meets   == r.op = "unsubscribe" /\ \E i \in Places(s) : s.flight[i].op \in Subscribing /\ OfPair(s.flight[i], r.t, r.c)
         new     == [op |-> r.op, c |-> r.c, t |-> r.t, may |-> {}, done |-> FALSE, replied |-> 0, ended |-> FALSE,
                     failed |-> FALSE, found |-> FALSE, overlapped |-> meets]
         waiting == IF r.op \in Subscribing    \* an unsubscribe that it overlaps is not the last word
                    THEN [i \in Places(s) |-> [s.flight[i] EXCEPT !.overlapped =
                                                 @ \/ (s.flight[i].op = "unsubscribe" /\ OfPair(s.flight[i], r.t, r.c))]]
                    ELSE s.flight
         asks    == IF r.op \in Subscribing THEN {pair} ELSE {}
     IN  s' = Settle([s EXCEPT !.flight = Append(waiting, new), !.owed = @ \ asks, !.barred = @ \ asks,
                               !.asked = IF r.op = "initialize" THEN @ \cup {r.c} ELSE @])

Closes(c) ==
  /\ c \notin s.closed
  /\ s' = Settle([s EXCEPT !.closed = @ \cup {c}, !.owed = {p \in @ : p[2] # c}])

\* The engine is asked for t by a request that it has told nothing yet; of a resume, only what is in the store.
Waits(f, t) == /\ f.op \in Subscribing /\ f.t = t /\ ~f.done /\ ~f.failed /\ f.replied = 0
               /\ f.op = "resume" => t \in s.stored

\* The engine has brought conversation v of t, or could not (0): for whoever asked.
Tell(t, v) ==
  LET told == [i \in Places(s) |-> IF s.flight[i].op \in Subscribing /\ s.flight[i].t = t
                                   THEN [s.flight[i] EXCEPT !.replied = v, !.ended = FALSE, !.failed = (v = 0),
                                                            !.may = IF v # 0 /\ s.flight[i].op = "start" THEN {} ELSE @]
                                   ELSE s.flight[i]]
      new  == v # 0 /\ \E i \in Places(s) : s.flight[i].op = "start" /\ s.flight[i].t = t
  IN  s' = Settle([s EXCEPT !.flight = told, !.stored = IF new THEN @ \cup {t} ELSE @])

\* Two numbers take turns: at most one is known of a thread that is not loaded.
Asked(t)  == ~IsLoaded(s, t) /\ Is(\E i \in Places(s) : Waits(s.flight[i], t))
Brings(t) == Asked(t) /\ Tell(t, IF \E i \in Places(s) : s.flight[i].t = t /\ s.flight[i].replied = 2 * t - 1 THEN 2 * t ELSE 2 * t - 1)
Fails(t)  == Asked(t) /\ Tell(t, 0)

Archived(t) ==
  /\ t \in s.stored /\ Is(Archiving(s, t))
  /\ \E flight \in ByAnArchive(s.flight, t) : s' = Settle([s EXCEPT !.stored = @ \ {t}, !.flight = flight])

-----------------------------------------------------------------------------
(* Visible changes.                                                        *)

BecomesLive(c) ==
  /\ c \in s.asked \ (s.live \cup s.gone)
  /\ s' = Settle([s EXCEPT !.live = @ \cup {c}])

IsGone(c) ==
  /\ c \in s.live \cap s.closed
  /\ s' = Settle([s EXCEPT !.live = @ \ {c}, !.gone = @ \cup {c},
                           !.grants = IF Defect = "close keeps grants" THEN @ ELSE {p \in @ : p[2] # c}])   \* P2

Load(t, v) ==
  /\ ~IsLoaded(s, t)
  /\ Is(\E i \in Places(s) : /\ s.flight[i].replied = v
                             /\ ~s.flight[i].ended \/ Defect = "an unloaded conversation is loaded again")    \* P6
  /\ Is(t \in s.stored \/ Archiving(s, t))
  /\ s' = Settle([s EXCEPT !.loaded[t] = [v |-> v, closing |-> FALSE, left |-> FALSE]])

\* By a request of c that has not subscribed it to t yet, at place i; or by one that was confirmed before: 0.
Linkers(t, c, ops) == {i \in Places(s) : s.flight[i].op \in ops /\ OfPair(s.flight[i], t, c) /\ ~s.flight[i].done}

Link(t, c) ==
  /\ ~Linked(s, t, c) /\ c \notin s.gone
  /\ LET late == ~Running(s, t) /\ IsLoaded(s, t) /\ Defect = "resume links on a closing thread"             \* P6
         by   == IF late THEN Linkers(t, c, {"resume"})
                 ELSE IF Running(s, t) THEN Linkers(t, c, Subscribing) \cup (IF <<t, c>> \in s.owed THEN {0} ELSE {})
                 ELSE {}
     IN  \E i \in by :
           s' = Settle([s EXCEPT !.grants = @ \cup {<<t, c>>},
                                 !.owed   = IF late \/ (i # 0 /\ Defect = "a link leaves what is owed") THEN @ ELSE @ \ {<<t, c>>},   \* P8
                                 !.flight = IF i = 0 THEN @ ELSE Done(@, i),
                                 !.loaded[t].left = IF late THEN @ ELSE FALSE])

\* By one unsubscribe that has ended none yet; by an archive; or by itself, since its client or its thread goes.
Unlink(t, c) ==
  /\ Linked(s, t, c)
  /\ LET pair   == <<t, c>>
         others == \E p \in (s.grants \ {pair}) \cup s.owed : p[1] = t
         itself == c \in s.closed \/ ~Running(s, t)
         ended  == [s EXCEPT !.grants = @ \ {pair}]
     IN  \/ \E flight \in IF itself THEN {s.flight} ELSE ByAnArchive(s.flight, t) :
              s' = Settle([ended EXCEPT !.flight = flight])
         \/ \E i \in {j \in Places(s) : s.flight[j].op = "unsubscribe" /\ OfPair(s.flight[j], t, c) /\ ~s.flight[j].done} :
              s' = Settle([ended EXCEPT !.flight = Done(@, i),
                                        !.grants = IF Defect = "unsubscribe keeps the grant" THEN s.grants ELSE @,               \* P8
                                        !.loaded[t].left = @ \/ (IsLoaded(s, t) /\ ~others)])

\* Because the last one has unsubscribed and nobody else is subscribed, or because of an archive.
StartsClosing(t) ==
  /\ Running(s, t)
  /\ LET done == \E i \in Places(s) : s.flight[i].op = "unsubscribe" /\ s.flight[i].t = t /\ s.flight[i].done
         left == s.loaded[t].left \/ (done /\ ~Subscribed(s, t))
     IN  \E flight \in IF left THEN {s.flight} ELSE ByAnArchive(s.flight, t) :
           s' = Settle([s EXCEPT !.loaded[t].closing = TRUE, !.owed = {p \in @ : p[1] # t}, !.flight = flight])

Unload(t) ==
  /\ IsLoaded(s, t)
  /\ LET told == [i \in Places(s) |-> IF s.flight[i].replied = s.loaded[t].v THEN [s.flight[i] EXCEPT !.ended = TRUE] ELSE s.flight[i]]
     IN  \E flight \in IF s.loaded[t].closing THEN {told} ELSE ByAnArchive(told, t) :
           s' = Settle([s EXCEPT !.flight    = flight,
                                 !.past      = @ \cup {s.loaded[t].v},
                                 !.loaded[t] = [v |-> 0, closing |-> FALSE, left |-> FALSE],
                                 !.owed      = {p \in @ : p[1] # t}])

-----------------------------------------------------------------------------
(* Answers.                                                                *)

Answers(i, reply) ==
  LET f    == s.flight[i]
      rest == SubSeq(s.flight, 1, i - 1) \o SubSeq(s.flight, i + 1, Len(s.flight))
      pair == <<f.t, f.c>>
      owes == /\ f.op = "resume" /\ reply = "ok" /\ ~f.done /\ f.c \notin s.closed
              /\ ~Linked(s, f.t, f.c) /\ Running(s, f.t)
      last == f.op = "unsubscribe" /\ reply \in {"ok", "not subscribed", "not loaded"} /\ ~f.overlapped
  IN  /\ reply \in f.may
      /\ s' = Settle([s EXCEPT !.flight = rest,
                               !.owed   = IF owes THEN @ \cup {pair} ELSE @,
                               !.loaded = IF owes THEN [@ EXCEPT ![f.t].left = FALSE] ELSE @,
                               !.barred = IF last THEN @ \cup {pair} ELSE @])

Init ==
  s = [live |-> {}, asked |-> {}, gone |-> {}, closed |-> {}, stored |-> {}, loaded |-> [t \in Threads |-> [v |-> 0, closing |-> FALSE, left |-> FALSE]],
       grants |-> {}, owed |-> {}, flight |-> <<>>, barred |-> {}, past |-> {}]

Next ==
  \/ \E r \in Requests : Arrives(r)
  \/ \E c \in Connections : Closes(c) \/ BecomesLive(c) \/ IsGone(c)
  \/ \E t \in Threads : \/ Brings(t) \/ Fails(t) \/ Archived(t) \/ StartsClosing(t) \/ Unload(t)
                        \/ \E v \in {2 * t - 1, 2 * t} : Load(t, v)
                        \/ \E c \in Connections : Link(t, c) \/ Unlink(t, c)
  \/ \E i \in Places(s) : \E reply \in s.flight[i].may : Answers(i, reply)

Spec == Init /\ [][Next]_s

-----------------------------------------------------------------------------
(* Properties, by the numbers of model/properties.py.                      *)

P2  == (\A p \in s.grants : p[2] \notin s.gone) /\ s.live \cap s.gone = {}
P4  == \A t, u \in Threads : t # u /\ IsLoaded(s, t) => s.loaded[t].v # s.loaded[u].v
P6  == (\A t \in Threads : s.loaded[t].v \notin s.past) /\ \A p \in s.owed : Running(s, p[1])
P8  == s.barred \cap (s.grants \cup s.owed) = {}
P12 == \A p \in s.owed : p[2] \notin s.closed

\* P6 as a property of steps: a subscription begins only on a thread that is running.
P6Steps == [][\A p \in s'.grants \ s.grants : Running(s, p[1])]_s
=============================================================================
