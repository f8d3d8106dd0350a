/* What both fuzzers feed: the mutations of fuzz.c, and libFuzzer where there is a clang:
     clang -g -O1 -fsanitize=fuzzer,address,undefined -o /tmp/fuzz fuzz/feed.c address.c message.c head.c request.c response.c */
#ifndef BOXLITE_NET_FEED_H
#define BOXLITE_NET_FEED_H

#include <stddef.h>
#include <stdint.h>

/* How many inputs each parser took for good. */
struct taken {
  unsigned questions, answers, names, responses, rules;
};
extern struct taken taken;

/* Gives the bytes to every parser; aborts where what they say does not hold together. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif
