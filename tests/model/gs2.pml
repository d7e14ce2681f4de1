/* SPDX-License-Identifier: BSD-2-Clause */

/* GS2 (RFC 5801): what the acceptor believes about header, authorization identity and channel is
 * what the initiator meant. The model calls the code of the module: the client's header, the
 * parser, the checks of the channel-binding flag and the octets that are bound are those of
 * plugin/mech, and decide() says what an answer of the mechanism leads to.
 *
 * Alice logs in by GS2, by another protocol of the same service that binds nothing, and to a service
 * of the attacker's. The attacker has the network: he sees and keeps every token, delivers any of
 * them or none, in any order and as often as he likes, behind any header, whole, cut or joined, on
 * Alice's channel or his own; he strips -PLUS from the list of mechanisms; he has an account, and
 * makes tokens of his own. He has neither Alice's key nor the service's.
 *
 * The mechanism is Kerberos as it should be, with the one property that GS2 has to know: it accepts
 * a token without bindings, and says so only by leaving GSS_C_CHANNEL_BOUND_FLAG clear.
 *
 * Each of the following breaks the model in one place, and the checker must find what it breaks:
 *
 *   -DNO_DEMAND          the acceptor does not demand the flag: the forged header
 *   -DAUTHZID_UNBOUND    the bindings leave out the authorization identity
 *   -DCHANNEL_UNBOUND    the bindings leave out the channel
 *   -DBINDING_UNCHECKED  the acceptor does not look at the channel-binding flag: the downgrade
 *   -DANY_SERVICE        the mechanism accepts tokens for another service
 *   -DREPLAYS            the mechanism has no replay cache
 *   -DNO_MUTUAL          the initiator does not wait for the acceptor's token
 *   -DNO_DEADLINE        the initiator waits for ever
 */

c_decl {
\#include "model_code.h"
}

#ifdef NO_DEMAND
#define DEMANDS 0
#else
#define DEMANDS 1
#endif

#ifdef BINDING_UNCHECKED
#define CHECKS 0
#else
#define CHECKS 1
#endif

/* What the bindings leave out: nothing, the authorization identity, the channel. */
#ifdef AUTHZID_UNBOUND
#define LEFT_OUT 1
#elif defined(CHANNEL_UNBOUND)
#define LEFT_OUT 2
#else
#define LEFT_OUT 0
#endif

/* As in loop.pml. */
#define INITIATOR 0
#define ACCEPTOR 1
#define COMPLETE 0
#define ERROR 2
#define ESTABLISH 6

/* What the application told Alice's SASL library: model_code.cc knows them too. */
#define CANNOT_BIND 0
#define SERVER_LACKS_IT 1
#define BINDS 2

#define NO_CHANNEL 0
#define DIRECT 1  /* between Alice and the server */
#define TRAPPED 2 /* between Alice and the attacker */
#define OWN 3     /* between the attacker and the server */

#define NUM_TOKENS 2   /* Alice's */
#define NUM_SESSIONS 2 /* the server's */
#define OWN_TOKEN 9    /* the attacker's, made to fit */
#define OWN_UNBOUND 8  /* the attacker's, without bindings */
#define LAST_HEADER 14 /* of the list in model_code.cc */

typedef Token {
  bool is_made, is_gs2, is_for_this_service;
  bool could_bind;     /* Alice's application has a channel binding */
  byte header;         /* that Alice sent; its number in the list */
  byte authzid;        /* that Alice meant */
  byte channel;        /* that Alice bound, or NO_CHANNEL */
  byte num_admissions; /* so often it was accepted */
  byte admitted_as;    /* the header behind which it was accepted */
};
Token token[NUM_TOKENS];
bool server_can_bind, server_insists;
byte ended;

/* Alice makes a token, and sends it. */
inline make_token() {
  if
  :: true -> /* the same service, but a protocol without bindings */
     token[mine].is_for_this_service = true
  :: true -> /* GS2, to this service or the attacker's */
     token[mine].is_gs2 = true;
     if
     :: token[mine].is_for_this_service = true
     :: true
     fi;
     if
     :: disposition = CANNOT_BIND
     :: disposition = SERVER_LACKS_IT /* or the attacker says so */
     :: server_can_bind -> disposition = BINDS
     fi;
     token[mine].could_bind = disposition != CANNOT_BIND;
     if
     :: disposition == BINDS -> token[mine].channel = DIRECT
     :: disposition == BINDS -> token[mine].channel = TRAPPED
     :: disposition != BINDS
     fi;
     if
     :: token[mine].authzid = 1
     :: true
     fi;
     c_code {
       now.token[PAlice->mine].header =
           model_client_header(PAlice->disposition, now.token[PAlice->mine].authzid);
     };
     printf("alice %d disposition %d authzid %d header %d channel %d\n", mine, disposition,
            token[mine].authzid, token[mine].header, token[mine].channel)
  fi;
  token[mine].is_made = true;
  disposition = 0
}

proctype Alice(byte mine) {
  byte disposition;

  atomic { make_token() };
  if
  :: !token[mine].is_gs2
#ifdef NO_MUTUAL
  :: token[mine].is_gs2 ->
#else
  :: token[mine].is_gs2 && token[mine].num_admissions > 0 -> /* The acceptor's token arrives. */
#endif
     assert(token[mine].num_admissions > 0 && token[mine].admitted_as == token[mine].header)
#ifndef NO_DEADLINE
  :: token[mine].is_gs2 /* It never arrives. */
#endif
  fi;
  ended++
}

/* What the mechanism says to token number `sent`. */
inline ask_mechanism() {
  major = ERROR;
  is_bound = false;
  c_code { PServer->is_whole = model_token_arrives(PServer->header, PServer->sent); };
  if
  :: !is_whole
  :: is_whole && sent == OWN_TOKEN -> major = COMPLETE; is_bound = true
  :: is_whole && sent == OWN_UNBOUND -> major = COMPLETE
  :: else ->
     c_code {
       PServer->fits = model_same_bindings(
           PServer->opened, PServer->channel, now.token[PServer->sent].header,
           now.token[PServer->sent].channel, LEFT_OUT);
     };
     if
#ifndef ANY_SERVICE
     :: !token[sent].is_for_this_service
#endif
#ifndef REPLAYS
     :: is_used[sent]
#endif
     :: else ->
        is_used[sent] = true;
        if
        :: !token[sent].is_gs2 -> major = COMPLETE
        :: token[sent].is_gs2 && fits -> major = COMPLETE; is_bound = true
        :: else
        fi
     fi
  fi
}

inline admit() {
  c_code {
    PServer->authzid = model_authzid(PServer->opened);
    PServer->claims_channel = model_claims_channel(PServer->opened);
  };
  assert(!server_insists || claims_channel);
  if
  :: sent < NUM_TOKENS ->
     assert(token[sent].is_for_this_service);
     assert(token[sent].num_admissions == 0);
     assert(!token[sent].is_gs2 || authzid == token[sent].authzid);
     assert(!token[sent].is_gs2 || !claims_channel || token[sent].channel == channel);
     assert(!token[sent].could_bind || !server_can_bind || claims_channel);
     assert(token[sent].is_gs2 && token[sent].header == opened); /* the header is Alice's */
     token[sent].num_admissions++;
     token[sent].admitted_as = opened
  :: else
  fi
}

/* One connection to the server. */
inline serve() {
  select(header : 0 .. LAST_HEADER);
  if
  :: sent = OWN_TOKEN
  :: sent = OWN_UNBOUND
  :: token[0].is_made -> sent = 0
  :: token[1].is_made -> sent = 1
  fi;
  if
  :: !server_can_bind -> channel = NO_CHANNEL
  :: server_can_bind -> channel = DIRECT
  :: server_can_bind -> channel = OWN
  fi;
  c_code {
    PServer->opened = model_server_header(PServer->header, PServer->sent, now.server_can_bind,
                                          now.server_insists, CHECKS);
  };
  if
  :: opened < 0 -> is_admitted = false; major = ERROR; is_bound = false
  :: else ->
     ask_mechanism();
     c_code {
       PServer->row = model_decide(ACCEPTOR, 0, 2, 1, 0, 0, PServer->major,
                                   PServer->major == COMPLETE, 0,
                                   DEMANDS && !PServer->is_bound, 0);
       PServer->is_admitted = model_has(PServer->row, ESTABLISH);
     }
  fi;
  printf("header %d token %d can_bind %d insists %d channel %d opened %d whole %d major %d bound %d admitted %d\n",
         header, sent, server_can_bind, server_insists, channel, opened, is_whole, major, is_bound,
         is_admitted);
  if
  :: is_admitted -> admit()
  :: else
  fi;
  header = 0; sent = 0; channel = 0; row = 0; major = 0; authzid = 0; opened = 0;
  is_whole = false; is_bound = false; fits = false; is_admitted = false; claims_channel = false
}

proctype Server() {
  byte session, header, sent, channel, row, major, authzid;
  short opened;
  bool is_whole, is_bound, fits, is_admitted, claims_channel, is_used[NUM_TOKENS];

  do
  :: session < NUM_SESSIONS ->
     atomic { serve() };
     session++
  :: session > 0 -> break
  od;
  ended++
}

init {
  atomic {
    if
    :: server_can_bind = true
    :: server_can_bind = true; server_insists = true
    :: skip
    fi;
    run Alice(0);
    run Alice(1);
    run Server()
  }
  ended == 3;
}
