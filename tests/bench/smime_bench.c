/* smime_bench.c - what it costs to encrypt a message for its owners
 *
 * usage: smime_bench [MILLISECONDS]     time for each line, 300 if not said
 *
 * Beside it a delivery in the clear costs 250 to 350 us of the whole server. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/num.h"
#include "smime/encrypt.h"
#include "tests/unit/smime_world.h"

static uint32_t milliseconds = 300;

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void make_message(size_t size, struct buf *out)
{
	buf_clear(out);
	buf_addz(out,
	    "Received: from relay.far.test (relay.far.test [192.0.2.7])\r\n"
	    "\tby mx.far.test with ESMTPS id 4Xy7; Sat, 21 Nov 2026 04:00:00 +0000\r\n"
	    "Message-ID: <20261121040000.4711@far.test>\r\n"
	    "Date: Sat, 21 Nov 2026 04:00:00 +0000\r\n"
	    "From: \"Ann Example\" <ann@far.test>\r\n"
	    "To: Bob <bob@alpha.test>\r\n"
	    "Subject: from the bench\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "\r\n");
	while (out->n < size)
		buf_addz(out, "A line of text as people write them, some sixty bytes or so.\r\n");
	out->n = size;
}

static void measure(const char *whom, unsigned who, enum cms_cipher cipher, struct slice message)
{
	struct cms_recipient *to[WORLD_KEYS];
	struct smime_way way = { cipher, false };
	size_t n = 0;
	unsigned long done = 0;
	struct err err;

	for (size_t i = 0; i < WORLD_KEYS; i++)
		if (who & 1u << i)
			to[n++] = world[i].recipient;
	double start = cpu(), t;
	do {
		struct buf out = { 0 };
		if (smime_is_encrypted(message) ||
		    smime_encrypt(message, &way, to, n, &out, &err) != 0)
			exit(1);
		buf_done(&out);
		done++;
		t = cpu() - start;
	} while (t * 1000 < milliseconds);
	printf("%8zu bytes, %s, %-18s %8.1f us  %6.0f MB/s\n", message.n,
	    cipher == CMS_AES_256_CBC ? "CBC" : "GCM", whom, t * 1e6 / (double)done,
	    (double)message.n * (double)done / t / 1e6);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 4096, 65536, 4 << 20 };
	struct buf message = { 0 };

	if (argc > 1 && !num_u32(slice_str(argv[1]), &milliseconds)) {
		fprintf(stderr, "usage: smime_bench [MILLISECONDS]\n");
		return 2;
	}
	if (world_open(NULL) != 0)
		return 1;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		make_message(sizes[i], &message);
		for (int cipher = 0; cipher < 2; cipher++) {
			enum cms_cipher c = (enum cms_cipher)cipher;
			measure("P-256", 1u << WORLD_P256, c, buf_slice(&message));
			measure("RSA-2048", 1u << WORLD_RSA, c, buf_slice(&message));
			measure("P-256, P-384, RSA", 7, c, buf_slice(&message));
		}
	}
	buf_done(&message);
	return world_close(NULL);
}
