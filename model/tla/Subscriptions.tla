--------------------------- MODULE Subscriptions ---------------------------
(***************************************************************************)
(* The subscription model of level 1, a second time and by hand: the twin  *)
(* of model/step.py and model/open_calls.py.  The two are kept apart on    *)
(* purpose.  TLC and `subwarden prove` must find the same number of        *)
(* distinct states in every scope, the same verdicts, and counter-examples *)
(* of the same length; otherwise one of the two models is wrong.           *)
(*                                                                         *)
(* Left out here as there: the numbers of listener generations and of      *)
(* incarnations.  An open call only knows whether the entry that it saw    *)
(* when it began is still the one in the map ("bound"), has been torn down *)
(* ("stale"), or whether it saw none ("none").                             *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
  C,        \* number of connections
  T,        \* number of threads
  S,        \* number of subscription ids
  V,        \* number of conversations of each thread; 0: no listeners
  Items,    \* items counted in an open turn; -1: turns are not tracked
  Raw,      \* TRUE: connections may ask for raw events
  N,        \* number of callers whose calls take time
  Defect    \* "none", or the planted defect

VARIABLES
  live,     \* connections that were initialized and have not closed
  closed,   \* connections that have closed, for good
  entries,  \* thread -> its entry, or NoEntry
  grants,   \* <<thread, connection, id>>; id 0 is an implicit subscription
  raw,      \* <<thread, connection>> that asked for raw events
  calls     \* caller -> the call it has open, Idle, or Answered

vars == <<live, closed, entries, grants, raw, calls>>

Connections   == 1..C
Threads       == 1..T
Ids           == 1..S
Callers       == 1..N
Conversations(t) == ((t - 1) * V + 1)..(t * V)   \* never shared by threads
RawChoices    == IF Raw THEN BOOLEAN ELSE {FALSE}
Events        == IF Items >= 0 THEN {"turn_started", "item", "turn_complete"} ELSE {}

NoEntry  == [there |-> FALSE, follows |-> 0, turn |-> -1]
NewEntry == [there |-> TRUE, follows |-> 0, turn |-> -1]  \* no listener, no turn
Idle     == [op |-> "idle"]
Answered == [op |-> "answered"]

-----------------------------------------------------------------------------
(* Operations.  `f` is the thread of the state that the caller of a state  *)
(* operation holds, and the thread a manager operation is about; 0: none   *)
(* that is known at its call.                                              *)

Op(name, f, c, s, x) == [op |-> name, f |-> f, c |-> c, s |-> s, x |-> x]

ManagerOperations ==
     {Op(n, 0, c, 0, 0) : n \in {"connection_initialized", "remove_connection"}, c \in Connections}
  \cup {Op(n, t, 0, 0, 0) : n \in {"subscribed_connection_ids", "has_subscribers", "thread_state", "remove_thread_state"},
                            t \in Threads}
  \cup {Op(n, t, c, 0, 0) : n \in {"try_add_connection_to_thread", "unsubscribe_connection_from_thread"},
                            t \in Threads, c \in Connections}
  \cup {Op("try_ensure_connection_subscribed", t, c, 0, IF r THEN 1 ELSE 0) : t \in Threads, c \in Connections, r \in RawChoices}
  \cup {Op("set_listener", t, c, s, IF r THEN 1 ELSE 0) : t \in Threads, c \in Connections, s \in Ids, r \in RawChoices}
  \cup {Op("remove_listener", 0, 0, s, 0) : s \in Ids}

StateOperations ==
     UNION {{Op(n, t, 0, 0, v) : n \in {"state_set_listener", "state_listener_matches"}, v \in Conversations(t)} : t \in Threads}
  \cup {Op("state_clear_listener", t, 0, 0, 0) : t \in (IF V > 0 THEN Threads ELSE {})}
  \cup {Op(e, t, 0, 0, 0) : e \in Events, t \in Threads}
  \cup {Op("hold_state", t, 0, 0, 0) : t \in Threads}

Operations == ManagerOperations \cup StateOperations

-----------------------------------------------------------------------------
(* Pieces that several operations share.                                   *)

Linked(gs, t, c)   == \E g \in gs : g[1] = t /\ g[2] = c
KeepLinked(gs, rs) == {p \in rs : Linked(gs, p[1], p[2])}   \* a pair's raw choice goes with its last grant

\* The entry that the call saw is gone: P6.
Overtaken(binding) == binding = "stale"

\* An open call that was bound to the entry of t does not belong to what comes later.
Unbind(t) == [k \in Callers |->
                IF calls[k].op \notin {"idle", "answered"} /\ calls[k].f = t /\ calls[k].binding = "bound"
                THEN [calls[k] EXCEPT !.binding = "stale"] ELSE calls[k]]

Ensure(t) == [entries EXCEPT ![t] = IF @.there THEN @ ELSE NewEntry]

Nothing == UNCHANGED <<live, closed, entries, grants, raw>>

-----------------------------------------------------------------------------
(* What each operation does.  `others` is what becomes of the open calls,  *)
(* before the caller's own is marked as answered.                          *)

ConnectionInitialized(o) ==
  /\ live' = IF o.c \in closed /\ Defect # "closed connection revived" THEN live ELSE live \cup {o.c}   \* P2: closed is final
  /\ UNCHANGED <<closed, entries, grants, raw>>

RemoveConnection(o) ==
  /\ live' = live \ {o.c}
  /\ closed' = closed \cup {o.c}
  /\ grants' = {g \in grants : g[2] # o.c}
  /\ raw' = KeepLinked(grants', raw)
  /\ UNCHANGED entries

ThreadState(o, binding) ==
  IF Overtaken(binding) THEN Nothing
  ELSE entries' = Ensure(o.f) /\ UNCHANGED <<live, closed, grants, raw>>

TryLink(o, binding, wantsRaw) ==
  IF o.c \notin live \/ (Overtaken(binding) /\ ~(Defect = "overtaken call resurrects" /\ o.op = "try_add_connection_to_thread"))
  THEN Nothing
  ELSE /\ entries' = Ensure(o.f)
       /\ grants' = grants \cup {<<o.f, o.c, 0>>}
       /\ raw' = IF wantsRaw THEN raw \cup {<<o.f, o.c>>} ELSE raw   \* P10: turned on, never off
       /\ UNCHANGED <<live, closed>>

SetListener(o, binding) ==
  IF (o.c \notin live /\ Defect # "set_listener without live check") \/ Overtaken(binding)   \* P2
  THEN Nothing
  ELSE LET moves == {g \in grants : g[3] = o.s /\ (g[1] # o.f \/ g[2] # o.c)}               \* P1: an id names one pair
           left  == IF Defect = "id in two places" THEN grants ELSE grants \ moves
           pair  == {<<o.f, o.c>>}
       IN /\ entries' = Ensure(o.f)
          /\ grants' = left \cup {<<o.f, o.c, o.s>>}
          /\ raw' = IF o.x = 1 THEN KeepLinked(left, raw) \cup pair ELSE KeepLinked(left, raw) \ pair
          /\ UNCHANGED <<live, closed>>

RemoveListener(o) ==
  /\ grants' = {g \in grants : g[3] # o.s}   \* P8: an implicit subscription stays
  /\ raw' = KeepLinked(grants', raw)
  /\ UNCHANGED <<live, closed, entries>>

Unsubscribe(o) ==
  /\ grants' = {g \in grants : g[1] # o.f \/ g[2] # o.c}
  /\ raw' = KeepLinked(grants', raw)
  /\ UNCHANGED <<live, closed, entries>>

RemoveThreadState(o) ==
  /\ entries' = [entries EXCEPT ![o.f] = NoEntry]
  /\ grants' = {g \in grants : g[1] # o.f \/ (Defect = "teardown leaves ids" /\ g[3] # 0)}
  /\ raw' = {p \in raw : p[1] # o.f}
  /\ UNCHANGED <<live, closed>>

\* A state operation acts on the entry if the caller's state is still in the map, else on nothing (P3).
OnEntry(o, binding, e) ==
  IF binding # "bound" THEN Nothing
  ELSE entries' = [entries EXCEPT ![o.f] = e] /\ UNCHANGED <<live, closed, grants, raw>>

StateSetListener(o, binding) ==
  LET e     == entries[o.f]
      keeps == e.follows = o.x \/ (e.follows = 0 /\ Defect = "first listener keeps a turn")   \* P9: no other start is with a turn
  IN OnEntry(o, binding, [e EXCEPT !.follows = o.x, !.turn = IF keeps THEN @ ELSE -1])
StateClearListener(o, binding) == OnEntry(o, binding, [entries[o.f] EXCEPT !.follows = 0, !.turn = -1])
TurnStarted(o, binding)        == OnEntry(o, binding, [entries[o.f] EXCEPT !.turn = 0])
TurnComplete(o, binding)       == OnEntry(o, binding, [entries[o.f] EXCEPT !.turn = -1])
Item(o, binding)               == OnEntry(o, binding, [entries[o.f] EXCEPT !.turn = IF @ \in {-1, Items} THEN @ ELSE @ + 1])

Effect(o, binding) ==
  CASE o.op = "connection_initialized"             -> ConnectionInitialized(o)
    [] o.op = "remove_connection"                  -> RemoveConnection(o)
    [] o.op = "thread_state"                       -> ThreadState(o, binding)
    [] o.op = "remove_thread_state"                -> RemoveThreadState(o)
    [] o.op = "try_add_connection_to_thread"       -> TryLink(o, binding, FALSE)
    [] o.op = "try_ensure_connection_subscribed"   -> TryLink(o, binding, o.x = 1)
    [] o.op = "unsubscribe_connection_from_thread" -> Unsubscribe(o)
    [] o.op = "set_listener"                       -> SetListener(o, binding)
    [] o.op = "remove_listener"                    -> RemoveListener(o)
    [] o.op = "state_set_listener"                 -> StateSetListener(o, binding)
    [] o.op = "state_clear_listener"               -> StateClearListener(o, binding)
    [] o.op = "turn_started"                       -> TurnStarted(o, binding)
    [] o.op = "turn_complete"                      -> TurnComplete(o, binding)
    [] o.op = "item"                               -> Item(o, binding)
    [] OTHER                                       -> Nothing   \* it only reads

-----------------------------------------------------------------------------
(* Calls.                                                                  *)

BindingNow(o) == IF o.f = 0 THEN "none" ELSE IF entries[o.f].there THEN "bound" ELSE "none"
Callable(o)   == o \in StateOperations => entries[o.f].there   \* nobody can hold a state that is not there
CallsAfter(o) == IF o.op = "remove_thread_state" THEN Unbind(o.f) ELSE calls
CanAnswer(o, binding) ==
  ~(Defect = "overtaken call never answered" /\ Overtaken(binding)
    /\ o.op \in {"thread_state", "try_add_connection_to_thread", "try_ensure_connection_subscribed", "set_listener"}
    /\ (o.c = 0 \/ o.c \in live))

\* Begins, takes effect and returns with nothing in between.
Whole(o) == Callable(o) /\ Effect(o, BindingNow(o)) /\ calls' = CallsAfter(o)

Begin(k, o) ==
  /\ calls[k] = Idle /\ Callable(o)
  /\ calls' = [calls EXCEPT ![k] = [op |-> o.op, f |-> o.f, c |-> o.c, s |-> o.s, x |-> o.x, binding |-> BindingNow(o)]]
  /\ Nothing

TakeEffect(k) ==
  /\ calls[k].op \notin {"idle", "answered"}
  /\ CanAnswer(calls[k], calls[k].binding)
  /\ Effect(calls[k], calls[k].binding)
  /\ calls' = [CallsAfter(calls[k]) EXCEPT ![k] = Answered]

Return(k) == calls[k] = Answered /\ calls' = [calls EXCEPT ![k] = Idle] /\ Nothing
Cancel(k) == calls[k] # Idle /\ calls' = [calls EXCEPT ![k] = Idle] /\ Nothing   \* P11

Init ==
  /\ live = {} /\ closed = {} /\ grants = {} /\ raw = {}
  /\ entries = [t \in Threads |-> NoEntry]
  /\ calls = [k \in Callers |-> Idle]

Next ==
  \/ \E o \in Operations : Whole(o)
  \/ \E k \in Callers : \/ \E o \in Operations : Begin(k, o)
                        \/ TakeEffect(k) \/ Return(k) \/ Cancel(k)

Spec == Init /\ [][Next]_vars

\* Every open call goes on in the end: what a scheduler owes to its tasks.
Fairness == \A k \in Callers : WF_vars(TakeEffect(k)) /\ WF_vars(Return(k))
FairSpec == Spec /\ Fairness

-----------------------------------------------------------------------------
(* Properties, by the numbers of model/properties.py.                      *)

P1 == /\ \A g \in grants : entries[g[1]].there
      /\ \A g, h \in grants : g[3] # 0 /\ g[3] = h[3] => g = h
P2 == (\A g \in grants : g[2] \in live) /\ live \cap closed = {}
P4 == \A t, u \in Threads : t # u /\ entries[t].follows # 0 => entries[t].follows # entries[u].follows
P10 == \A p \in raw : Linked(grants, p[1], p[2])
P12 == /\ \A g \in grants : entries[g[1]].there /\ g[2] \notin closed
       /\ \A p \in raw : entries[p[1]].there /\ p[2] \notin closed

\* P6 as a property of steps: a call that was overtaken changes nothing.
P6 == [][\A k \in Callers :
           (calls[k].op \notin {"idle", "answered"} /\ calls[k].binding = "stale" /\ calls'[k] = Answered /\ calls[k].op \in
              {"thread_state", "try_add_connection_to_thread", "try_ensure_connection_subscribed", "set_listener"})
           => Nothing]_vars

\* P9 as a property of steps: no turn is shown on while it changes whom the listener follows.
P9 == [][\A t \in Threads :
           entries'[t].turn # -1 => entries[t].there /\ entries[t].follows = entries'[t].follows]_vars

\* P7: every call is answered and returns, unless its caller gives up.
P7 == \A k \in Callers : calls[k] # Idle ~> calls[k] = Idle
=============================================================================
