/* SPDX-License-Identifier: BSD-2-Clause */

/* The negotiation loop: an initiator and an acceptor, each of which asks decide() itself, the
 * function that the library uses, what to do. What this model adds is the world around it: the
 * mechanism's answers, the channel, the application, and an attacker.
 *
 *   without -D     both sides are honest: a mechanism of 1 to 4 tokens, which may fail at any call,
 *                  and a channel that loses nothing. No side ever needs a deadline.
 *   -DATTACK       the attacker has the channel. He drops, copies, cuts, joins and invents: any
 *                  message arrives at any time, or none. So what the peer does makes no difference,
 *                  and each side is checked alone. The mechanism answers what it likes, the
 *                  application cancels, and calls out of turn.
 *
 * Each of the following breaks the model in one place, and the checker must find what it breaks:
 *
 *   -DFAIL_FIRST        a failure is acted on before the error token leaves
 *   -DEMPTY_UNSENT      an empty token is not sent
 *   -DNO_DEADLINE       a side waits for ever
 *   -DNO_LEG_LIMIT      a side never has enough
 *   -DFLAGS_UNSEEN      the loop is not told that a required flag is missing
 *   -DANONYMITY_UNSEEN  nor that anonymity was not granted
 *   -DCONTEXT_UNSEEN    nor that the context does not exist
 *   -DCONTEXT_KEPT      a context that must be destroyed is not
 *
 * -DGOAL: the environment variable MODEL_GOAL names a side and a row ("1 15"); the checker finds the
 * shortest run in which the side decides by the row. */

c_decl {
\#include "model_code.h"
}

#define INITIATOR 0
#define ACCEPTOR 1

/* Phase, Event, MajorClass and Action as decide.h numbers them; model_code.cc compares. */
#define NEGOTIATING 0
#define AWAITING 1
#define ESTABLISHED 2
#define OVER 3

#define START 0
#define TOKEN_ARRIVED 1
#define CALL_RETURNED 2
#define TOKEN_PROCESSED 3
#define DEADLINE 4
#define PEER_DEFECT 5
#define PEER_FAILED 6
#define CANCELLED 7

#define COMPLETE 0
#define CONTINUE 1
#define ERROR 2
#define FORBIDDEN 3

#define CALL_MECHANISM 0
#define PROCESS_TOKEN 1
#define SEND_TOKEN 2
#define SEND_ERROR_TOKEN 3
#define TELL_PEER 4
#define AWAIT_TOKEN 5
#define ESTABLISH 6
#define KEEP 7
#define DESTROY 8
#define FAIL 9
#define NO_ACTION 10

/* What the channel carries. */
#define TOKEN 1
#define EMPTY 2
#define ERROR_TOKEN 3
#define CLOSED 4 /* by the side that failed, with or without words about it */
#define TOO_LONG 5
#define NOT_A_TOKEN 6

#define MAX_LEGS 5   /* of each side; the library's default is 32 */
#define MAX_TOKENS 4 /* of the honest mechanism */
#define MAX_EXTRA 2  /* tokens after completion that the application takes */

chan to_initiator = [3] of { byte };
chan to_acceptor = [3] of { byte };
byte phase[2];
byte ended;
byte num_tokens; /* of the honest mechanism */
bool sent_error[2];
bool has_failed; /* the honest mechanism */
#ifdef GOAL
bool is_goal;
#endif

inline send(message) {
#ifdef ATTACK
  skip /* The attacker takes it; he can send it himself at any time. */
#else
  if
  :: me == INITIATOR -> to_acceptor!message
  :: else -> to_initiator!message
  fi
#endif
}

inline decide(what) {
  event = what;
  c_code {
    PParty->row = model_decide(PParty->me, now.phase[PParty->me], PParty->event, PParty->first,
                               PParty->is_empty, PParty->over, PParty->major, PParty->output,
                               PParty->lost, PParty->missing, PParty->unknown);
  };
  printf("decide %d event %d empty %d over %d major %d output %d lost %d missing %d unknown %d row %d\n",
         me, event, is_empty, over, major, output, lost, missing, unknown, row);
#ifdef GOAL
  c_code { now.is_goal = now.is_goal || model_is_goal(PParty->me, PParty->row); }
#endif
}

/* The ends of a row's list of actions; FAIL_FIRST goes through it from the back. */
inline take_action() {
#ifdef FAIL_FIRST
  c_code { PParty->action = model_action_from_the_back(PParty->row, PParty->at); }
#else
  c_code { PParty->action = model_action(PParty->row, PParty->at); }
#endif
  at++
}

inline answer_of_the_mechanism() {
  lost = false; missing = false; unknown = false; output = false;
#ifdef ATTACK
  if
  :: major = COMPLETE
  :: major = CONTINUE
  :: major = ERROR
  :: major = FORBIDDEN
  fi;
  if
  :: output = true
  :: skip
  fi;
  if
  :: me == INITIATOR && major <= CONTINUE -> lost = true
  :: skip
  fi;
  if
  :: major == COMPLETE -> missing = true
  :: skip
  fi;
  if
  :: major == COMPLETE -> unknown = true
  :: skip
  fi
#else
  /* Token 1 is the initiator's, token 2 the acceptor's, and so on. */
  calls++;
  token = 2 * calls - 1 + me;
  if
  :: message == ERROR_TOKEN -> major = ERROR
  :: else ->
     if
     :: token > num_tokens -> major = COMPLETE
     :: token == num_tokens -> major = COMPLETE; output = true
     :: token < num_tokens -> major = CONTINUE; output = true
     :: token < num_tokens && token > 1 -> major = CONTINUE /* an empty token */
     :: major = ERROR
     :: major = ERROR; output = true
     fi
  fi;
  has_failed = has_failed || major == ERROR
#endif
}

inline call_mechanism() {
  assert(!was_destroyed);
  phase[me] = NEGOTIATING;
  if
  :: event == TOKEN_ARRIVED -> legs++
  :: else
  fi;
  answer_of_the_mechanism();
  exists = (major == COMPLETE || major == CONTINUE) && !unknown;
  owes_error = output && major >= ERROR;
  is_sound = major == COMPLETE && !lost && !missing && !unknown;
  may_speak = !lost || major >= ERROR;
#ifdef FLAGS_UNSEEN
  missing = false;
#endif
#ifdef ANONYMITY_UNSEEN
  lost = false;
#endif
#ifdef CONTEXT_UNSEEN
  unknown = false;
#endif
  decide(CALL_RETURNED);
  first = false;
  at = 0
}

inline process_token() {
  missing = false; unknown = false;
#ifdef ATTACK
  if
  :: unknown = true
  :: missing = true
  :: skip
  fi;
#endif
  exists = !unknown;
  is_sound = !missing && !unknown;
#ifdef FLAGS_UNSEEN
  missing = false;
#endif
#ifdef CONTEXT_UNSEEN
  unknown = false;
#endif
  decide(TOKEN_PROCESSED);
  at = 0
}

inline perform() {
  at = 0;
  do
  :: take_action();
     if
     :: action == CALL_MECHANISM -> call_mechanism()
     :: action == PROCESS_TOKEN -> process_token()
     :: action == SEND_TOKEN ->
        assert(may_speak); /* section 2.1: nothing leaves where anonymity is lost */
        legs++;
        if
        :: output -> send(TOKEN)
#ifdef EMPTY_UNSENT
        :: !output -> skip
#else
        :: !output -> send(EMPTY)
#endif
        fi
     :: action == SEND_ERROR_TOKEN ->
        assert(may_speak);
        owes_error = false;
        sent_error[me] = true;
        legs++;
        send(ERROR_TOKEN)
     :: action == TELL_PEER -> assert(may_speak)
     :: action == AWAIT_TOKEN -> phase[me] = AWAITING
     :: action == ESTABLISH ->
        assert(is_sound && exists); /* section 3 */
        phase[me] = ESTABLISHED
     :: action == KEEP -> assert(is_sound && exists)
     :: action == DESTROY ->
#ifndef CONTEXT_KEPT
        exists = false;
#endif
        was_destroyed = true
     :: action == FAIL ->
        assert(!owes_error); /* section 4: the error token leaves before its failure is acted on */
        phase[me] = OVER;
        send(CLOSED)
     :: action == NO_ACTION -> break
     fi
  od;
  printf("then %d phase %d legs %d\n", me, phase[me], legs);
  event = 0; is_empty = false; over = false; major = 0; output = false;
  lost = false; missing = false; unknown = false; row = 0; message = 0; at = 0; action = 0; token = 0
}

inline receive() {
#ifdef ATTACK
  if
  :: message = TOKEN
  :: message = EMPTY
  :: message = TOO_LONG
  :: message = NOT_A_TOKEN
  :: message = CLOSED
  fi
#else
  if
  :: me == INITIATOR -> to_initiator?message
  :: else -> to_acceptor?message
  fi
#endif
}

inline take_token() {
  is_empty = message == EMPTY;
#ifdef NO_LEG_LIMIT
  over = message == TOO_LONG;
  legs = 0;
#else
  over = message == TOO_LONG || legs >= MAX_LEGS;
#endif
  decide(TOKEN_ARRIVED);
  perform()
}

inline await() {
  if
  :: receive();
     if
     :: message == CLOSED ->
#ifndef ATTACK
        assert(!sent_error[1 - me]); /* The channel keeps the order: the token was there before. */
#endif
        decide(PEER_FAILED); perform()
     :: message == NOT_A_TOKEN -> decide(PEER_DEFECT); perform()
     :: else -> take_token()
     fi
#ifdef ATTACK
  :: true -> /* Nothing arrives any more. */
#ifdef NO_DEADLINE
     false
#else
     decide(DEADLINE); perform()
#endif
  :: decide(CANCELLED); perform()
#endif
  fi
}

/* A token that arrives when the context is complete, at EstablishedContext. */
inline extra_token() {
  num_extra++;
  if
  :: message = TOKEN
  :: message = TOO_LONG
  fi;
  over = message == TOO_LONG;
  decide(TOKEN_ARRIVED);
  perform()
}

/* The application calls what it may not call now. */
inline misuse() {
  is_misused = true;
  if
  :: phase[me] == NEGOTIATING -> decide(TOKEN_ARRIVED)
  :: phase[me] != NEGOTIATING && me == INITIATOR -> decide(START)
  :: phase[me] == OVER -> decide(TOKEN_ARRIVED)
  :: phase[me] == OVER -> decide(DEADLINE)
  fi;
  perform()
}

proctype Party(byte me) {
  byte event, major, row, action, at, message, token, legs, calls, num_extra;
  bool first = true, is_empty, over, output, lost, missing, unknown; /* the observation */
  bool exists, was_destroyed, owes_error, is_sound, is_misused, may_speak = true;

  do
  :: phase[me] == NEGOTIATING -> decide(START); perform()
  :: phase[me] == AWAITING -> await()
  :: phase[me] == ESTABLISHED -> break
  :: phase[me] == OVER -> break
#ifdef ATTACK
  :: phase[me] == ESTABLISHED && num_extra < MAX_EXTRA -> extra_token()
  :: phase[me] != ESTABLISHED && !is_misused && (me == INITIATOR || phase[me] == OVER) -> misuse()
#endif
  od;
  assert(phase[me] == ESTABLISHED || !exists); /* a failure leaves no context */
  ended++
}

init {
  atomic {
    phase[INITIATOR] = NEGOTIATING;
    phase[ACCEPTOR] = AWAITING;
#ifdef ATTACK
    if
    :: run Party(INITIATOR)
    :: run Party(ACCEPTOR)
    fi;
    ended++
#else
    select(num_tokens : 1 .. MAX_TOKENS);
    run Party(INITIATOR);
    run Party(ACCEPTOR)
#endif
  }
  ended == 2;
#ifdef GOAL
  assert(!is_goal);
#endif
#ifndef ATTACK
  assert(has_failed || (phase[INITIATOR] == ESTABLISHED && phase[ACCEPTOR] == ESTABLISHED));
#endif
}
