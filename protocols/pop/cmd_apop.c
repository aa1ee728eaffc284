/* cmd_apop.c - log in by APOP (RFC 1939 7), in domains that chose it
 *
 * What a password is good for is asked where all passwords are: APOP shows that the
 * client knows the one that is kept, and with that the login goes on as by PASS. Who
 * has none kept, who is not there and who is wrong take the same time and get the
 * same answer. */
#include "protocols/pop/pop.h"

#include <time.h>

#include "core/digest.h"
#include "core/random.h"
#include "core/text.h"
#include "storage/apop.h"

enum { NONCE = 16 };

void pop_make_stamp(struct pop *pop)
{
	struct tls_info info;
	unsigned char nonce[NONCE];
	bool named = sess_tls_info(pop->s, &info) && info.domain;

	if (named ? !apop_wanted(info.domain) : !apop_anywhere())
		return;
	random_bytes(nonce, sizeof nonce);
	buf_addc(&pop->stamp, '<');
	hex_put(&pop->stamp, slice_of(nonce, sizeof nonce));
	buf_printf(&pop->stamp, ".%lld@%s>", (long long)time(NULL), named ? info.domain : "pop3");
}

enum { DIGITS = 2 * DIGEST_MD5_SIZE };

/* In lower case by the RFC; in any here. */
static bool read_digest(struct slice text, unsigned char out[DIGITS])
{
	for (size_t i = 0; text.n == DIGITS && i < DIGITS; i++) {
		char c = text.p[i];

		out[i] = (unsigned char)(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
	}
	return text.n == DIGITS;
}

static bool is_right(struct pop *pop, struct slice password, const unsigned char given[DIGITS])
{
	unsigned char digest[DIGEST_MD5_SIZE];
	struct buf text = { 0 };

	digest_md5(buf_slice(&pop->stamp), password, digest);
	hex_put(&text, slice_of(digest, sizeof digest));
	bool same = digest_same((const unsigned char *)text.p, given, DIGITS);
	bytes_wipe(digest, sizeof digest);
	buf_wipe(&text);
	return same;
}

static enum auth_result check(
    struct pop *pop, struct slice login, const unsigned char *given, struct auth_account *who)
{
	struct buf password = { 0 };
	int found = apop_password(login, &password);

	if (!is_right(pop, buf_slice(&password), given) || found != 1)
		buf_wipe(&password); /* an empty one is nobody's */
	enum auth_result result =
	    auth_password(login, buf_slice(&password), sess_cmd_pool(pop->s), who);
	buf_wipe(&password);
	return found < 0 ? AUTH_TEMP : result;
}

static enum sess_next run(struct pop *pop, struct slice args)
{
	unsigned char given[DIGITS];
	struct slice login = slice_word(&args);
	struct auth_account who = { 0 };

	if (!pop_may_login(pop))
		return pop_bad(pop, "use STLS first");
	if (pop->stamp.n == 0)
		return pop_bad(pop, "not offered");
	if (!read_digest(slice_word(&args), given))
		return pop_bad(pop, "a digest has 32 digits of hex");
	enum auth_result result = check(pop, login, given, &who);
	return pop_login(pop, result, slice_str(who.name), &who, "APOP");
}

POP_COMMAND(apop) = {
	.name = "APOP",
	.states = POP_AUTHORIZATION,
	.args_min = 2,
	.args_max = 2,
	.usage = "APOP name digest",
	.ref = "RFC 1939 §7",
	.run = run,
};
