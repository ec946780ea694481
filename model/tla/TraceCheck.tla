---------------------------- MODULE TraceCheck ----------------------------
(***************************************************************************)
(* Is a trace of a real manager a behaviour of the model?  The trace is a  *)
(* sequence of steps, each an operation, its answer, and what could be     *)
(* seen of the manager afterwards.  The model is deterministic once the    *)
(* operation is known, so TLC has one way to go: it either reaches the end *)
(* or deadlocks after the last step that the model can explain.            *)
(***************************************************************************)
EXTENDS Subscriptions, Sequences

CONSTANT Steps
VARIABLE at   \* how many steps were explained

\* What the caller is answered, as a set of numbers: {} nothing or refused, {1} yes or a thread state, {0} no.
Bool(b) == IF b THEN {1} ELSE {0}
Subscribers(t) == {g[2] : g \in {h \in grants : h[1] = t}}
Refuses(o, binding) == Overtaken(binding) \/ (o.op # "thread_state" /\ o.c \notin live)
AnswerOf(o, binding) ==
  CASE o.op = "subscribed_connection_ids"          -> Subscribers(o.f)
    [] o.op = "has_subscribers"                    -> Bool(Subscribers(o.f) # {})
    [] o.op = "unsubscribe_connection_from_thread" -> Bool(Linked(grants, o.f, o.c))
    [] o.op = "try_add_connection_to_thread"       -> Bool(~Refuses(o, binding))
    [] o.op \in {"thread_state", "try_ensure_connection_subscribed", "set_listener"}
                                                   -> IF Refuses(o, binding) THEN {} ELSE {1}
    [] o.op = "remove_listener"                    -> {g[1] : g \in {h \in grants : h[3] = o.s}}
    [] o.op = "state_listener_matches"             -> Bool(entries[o.f].follows = o.x)
    [] o.op = "turn_started"                       -> {0}
    [] o.op = "item"                               -> IF entries[o.f].turn = -1 THEN {} ELSE {entries[o.f].turn + 1}
    [] OTHER                                       -> {}

Seen(v) ==   \* of the state that the step led to
  /\ v.showsLive => live' = v.live
  /\ entries' = v.entries
  /\ {<<g[1], g[2]>> : g \in grants'} = v.links
  /\ {<<g[3], g[1], g[2]>> : g \in {h \in grants' : h[3] # 0}} = v.ids
  /\ raw' = v.raw

Explain ==
  /\ at < Len(Steps)
  /\ LET e == Steps[at + 1]
         b == IF e.binding = "now" THEN BindingNow(e.op) ELSE e.binding
     IN /\ e.judged => AnswerOf(e.op, b) = e.answer
        /\ Effect(e.op, b)
        /\ Seen(e.view)
  /\ at' = at + 1
  /\ UNCHANGED calls

Done == at = Len(Steps) /\ UNCHANGED <<vars, at>>   \* the end is not a deadlock

TraceInit == Init /\ at = 0
TraceNext == Explain \/ Done
=============================================================================
