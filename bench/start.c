/* SPDX-License-Identifier: BSD-2-Clause */
/* An application in C that starts libsasl, with the modules of SASL_PATH, and ends it: prints the
 * CPU time in microseconds. In C, because a program in C++ has the C++ library already. */
#include <sasl/sasl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double cpu_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The argument is a mechanism that the modules must have. */
int main(int argc, char** argv) {
  const char** all;
  int is_there = 0;
  double us;
  const double before = cpu_us();
  if (argc != 2 || sasl_server_init(NULL, "gssloop-bench") != SASL_OK ||
      sasl_client_init(NULL) != SASL_OK) {
    fprintf(stderr, "start: libsasl cannot be initialised\n");
    return 1;
  }
  for (all = sasl_global_listmech(); *all != NULL; ++all) is_there |= strcmp(*all, argv[1]) == 0;
  sasl_server_done();
  sasl_client_done();
  us = cpu_us() - before;
  if (!is_there) {
    fprintf(stderr, "start: libsasl has no mechanism %s\n", argv[1]);
    return 1;
  }
  printf("%.1f\n", us);
  return 0;
}
