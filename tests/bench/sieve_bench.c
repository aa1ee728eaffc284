/* sieve_bench.c - what a script costs: to compile, to run, to find; and what the worst one costs
 *
 * usage: make tests/bench/sieve_bench && tests/bench/sieve_bench */
#include <stdio.h>
#include <time.h>

#include "storage/script_private.h"

static const char script[] =
    "require [\"fileinto\", \"imap4flags\"];\n"
    "if header :is \"Sender\" \"owner-ietf-mta-filters@imc.org\" { fileinto \"filter\"; }\n"
    "elsif address :domain :is [\"From\", \"To\"] \"example.com\" { keep; }\n"
    "elsif anyof (not address :all :contains [\"To\", \"Cc\", \"Bcc\"] \"me@example.edu\",\n"
    "             header :matches \"subject\" [\"*make*money*fast*\", \"*university*dipl*mas*\"])\n"
    "{ fileinto :flags \"\\\\Seen\" \"spam\"; }\n"
    "else { fileinto \"personal\"; }\n";

static const char mail[] =
    "Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    "From: Ann <ann@example.org>\r\nTo: Me <me@example.edu>\r\n"
    "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= from the sea\r\n"
    "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nhello\r\n";

/* Processor seconds of this thread. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct sieve_script *compile(const char *text)
{
	struct err err = { 0 };
	struct sieve_script *compiled = sieve_compile(slice_str(text), &err);

	if (!compiled)
		bug("%s", err.text);
	return compiled;
}

static void run(const struct sieve_script *compiled, struct slice text)
{
	struct sieve_message message = { .text = text, .from = SLICE("a@b"), .to = SLICE("c@d") };
	struct sieve_action *actions;
	struct pool pool = { 0 };

	sieve_run(compiled, &message, &pool, &actions, NULL);
	pool_done(&pool);
}

static void usual(void)
{
	enum { N = 20000 };
	struct sieve_script *compiled = compile(script);
	double begin = now();

	for (int i = 0; i < N; i++) {
		struct sieve_script *again = compile(script);
		sieve_free(&again);
	}
	printf("compile  %6.2f us  (%zu bytes of text, %zu in memory)\n", (now() - begin) / N * 1e6,
	    strlen(script), sieve_size(compiled));
	begin = now();
	for (int i = 0; i < N; i++)
		run(compiled, slice_str(mail));
	printf("run      %6.2f us\n", (now() - begin) / N * 1e6);
	sieve_free(&compiled);
}

/* Who has none is the usual case. */
static void find(void)
{
	enum { N = 1000000 };
	struct script_owner owner = script_of_account(7, 0);
	struct buf key = { 0 };
	struct script *found;

	script_owner_key(&owner, &key);
	script_cache_put(buf_slice(&key), NULL, script_cache_ticket(buf_slice(&key)));
	double begin = now();
	for (int i = 0; i < N; i++)
		script_active(&owner, &found);
	printf("find     %6.2f ns\n", (now() - begin) / N * 1e9);
	script_cache_clear();
	buf_done(&key);
}

static void worst(const char *name, struct slice text, struct slice message)
{
	struct err err = { 0 };
	struct sieve_script *compiled = sieve_compile(text, &err);

	if (!compiled)
		bug("%s", err.text);
	double begin = now();
	run(compiled, message);
	printf("%-24s %6.0f ms\n", name, (now() - begin) * 1e3);
	sieve_free(&compiled);
}

static void repeat(struct buf *out, const char *what, size_t n)
{
	while (out->n + strlen(what) < n)
		buf_addz(out, what);
}

static void hostile(void)
{
	struct buf text = { 0 }, message = { 0 }, many = { 0 };

	buf_addz(&message, "Subject: ");
	repeat(&message, "a", 1000000);
	buf_addz(&message, "\r\n\r\n");
	buf_addz(&text, "if header :matches \"Subject\" \"*");
	repeat(&text, "a", 30000);
	buf_addz(&text, "b*\" { stop; }");
	worst("worst pattern", buf_slice(&text), buf_slice(&message));
	buf_clear(&text);
	repeat(&text, "if header :contains \"Subject\" [\"b\",\"c\"] {}\n", 60000);
	worst("worst contains", buf_slice(&text), buf_slice(&message));
	repeat(&many, "a:\n", 1000000);
	buf_clear(&text);
	repeat(&text, "if exists \"z\" {}\n", 60000);
	worst("worst exists", buf_slice(&text), buf_slice(&many));
	buf_clear(&message);
	repeat(&message, "To: a@b\r\n", 1000000);
	buf_clear(&text);
	repeat(&text, "if address \"to\" \"z\" {}\n", 60000);
	worst("worst address", buf_slice(&text), buf_slice(&message));
	buf_clear(&message);
	buf_addz(&message, "Content-Type: text/html\r\n\r\n");
	repeat(&message, "<b>a &amp; b</b>\r\n", 5000000);
	buf_clear(&text);
	buf_addz(&text, "require \"body\";");
	repeat(&text, "if body :contains \"z\" {} if body :raw :contains \"z\" {}\n", 60000);
	worst("worst body", buf_slice(&text), buf_slice(&message));
	buf_done(&text);
	buf_done(&message);
	buf_done(&many);
}

int main(void)
{
	usual();
	find();
	hostile();
	return 0;
}
