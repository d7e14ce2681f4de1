/* SPDX-License-Identifier: BSD-2-Clause */

/* The code of the library and of the module that the models call. The checker calls it in each
 * state, so every function here is pure: its result depends on its arguments alone. */

#ifndef GSSLOOP_TESTS_MODEL_MODEL_CODE_H_
#define GSSLOOP_TESTS_MODEL_MODEL_CODE_H_

#ifdef __cplusplus
extern "C" {
#endif

/* model_decide is decide(): the number of the row. The arguments are the members of Observation. */
int model_decide(int role, int phase, int event, int first, int empty, int over, int major,
                 int output, int lost, int missing, int unknown);

/* model_action is the action number `at` of a row, or the number after the last action. The other
 * function counts from the last action. */
int model_action(int row, int at);
int model_action_from_the_back(int row, int at);
/* model_has says whether the row has the action. */
int model_has(int row, int action);

/* A header is a number in the list of model_code.cc, a token one that its octets follow from. */

/* model_client_header is the header of a client: `disposition` is 0 if its application has no
 * channel binding, 1 if it has one but the server does not offer -PLUS, 2 if it uses it; `authzid`
 * is 1 if the client acts as another user. */
int model_client_header(int disposition, int authzid);

/* model_server_header is the header that the server finds in a message, or -1 if it refuses the
 * message before the mechanism sees a token. `checks` is 0 for a server that does not look at the
 * channel-binding flag. */
int model_server_header(int header, int token, int can_bind, int insists, int checks);
/* model_token_arrives says whether what follows that header is the token, whole and alone. */
int model_token_arrives(int header, int token);

/* model_same_bindings says whether client and server bind the same octets. A channel is 0 or the
 * number of one. `left_out` is 0, or 1 if the bindings lack the authorization identity, 2 if they
 * lack the channel. */
int model_same_bindings(int server_header, int server_channel, int client_header,
                        int client_channel, int left_out);

/* model_authzid is 1 if the header asks for the other user, 0 if it asks for none, else 2;
 * model_claims_channel says whether its flag is "p". */
int model_authzid(int header);
int model_claims_channel(int header);

/* model_is_goal says whether the environment variable MODEL_GOAL is "SIDE ROW". */
int model_is_goal(int side, int row);

#ifdef __cplusplus
}
#endif

#endif /* GSSLOOP_TESTS_MODEL_MODEL_CODE_H_ */
