/* op_verify.c - is a certificate good, and why not: told step by step, without a server */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/disk.h"
#include "core/op.h"
#include "core/tls.h"
#include "pki/question.h"

enum { FILE_MAX = 16 * 1024 * 1024 };

static void start(void)
{
	tls_start(NULL);
}

static void start_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

/* --- files --- */

static int read_file(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "%s", path);
	int rc = disk_read(fd, path, FILE_MAX, out, err);
	close(fd);
	return rc;
}

static int take_file(struct op_call *call, const char *arg, struct question *q,
    int (*take)(struct question *q, struct slice pem, struct err *err), struct err *err)
{
	struct buf pem = { 0 };
	int rc = 0;

	if (!op_given(call, arg))
		return 0;
	rc = read_file(op_text(call, arg), &pem, err);
	if (rc == 0)
		rc = take(q, buf_slice(&pem), err);
	buf_done(&pem);
	return rc;
}

static int take_trust(struct question *q, struct slice pem, struct err *err)
{
	question_trust(q, pem);
	return q->trusted.n > 0
	    ? 0
	    : err_set(err, ERR_INPUT, "no certificate in the file of trusted ones can be read");
}

static int take_untrusted(struct question *q, struct slice pem, struct err *err)
{
	(void)err;
	question_untrusted(q, pem);
	return 0;
}

/* Whoever names a file of lists wants them to be asked. */
static int take_lists(struct question *q, struct slice pem, struct err *err)
{
	question_lists(q, pem);
	return q->lists.n > 0
	    ? 0
	    : err_set(err, ERR_INPUT, "no list of revoked certificates in the file can be read");
}

/* The others of a file that begins with the leaf may help. */
static int take_leaf(struct question *q, struct slice pem, struct err *err)
{
	return question_leaf(q, pem, err);
}

/* --- words --- */

static int take_words(struct op_call *call, struct question *q, struct err *err)
{
	struct slice rest = slice_str(op_text(call, "policies")),
		     name = slice_str(op_text(call, "name"));

	if (name.n > 0 && question_name(q, question_kind_of(name), name, err) != 0)
		return -1;
	if (op_given(call, "purpose") &&
	    question_purpose(q, slice_str(op_text(call, "purpose")), err) != 0)
		return -1;
	if (op_given(call, "profile") &&
	    question_profile(q, slice_str(op_text(call, "profile")), err) != 0)
		return -1;
	if (op_given(call, "time") && question_time(q, slice_str(op_text(call, "time")), err) != 0)
		return -1;
	for (struct slice oid; (oid = slice_word(&rest)).n > 0;)
		if (question_policy(q, oid, err) != 0)
			return -1;
	if (op_number(call, "max-depth", 0) < 0 || op_number(call, "max-depth", 0) > 255)
		return err_set(err, ERR_INPUT, "max-depth is 0 to 255");
	if (op_given(call, "max-depth"))
		q->spec.limit = 1 + (unsigned)op_number(call, "max-depth", 0);
	q->spec.policies.explicit = op_bool(call, "explicit-policy");
	q->spec.policies.no_mapping = op_bool(call, "no-policy-mapping");
	q->spec.policies.no_any = op_bool(call, "no-any-policy");
	return 0;
}

/* As a server that nobody told anything. */
static int take_system(struct op_call *call, struct question *q, struct err *err)
{
	struct buf pem = { 0 };
	int rc = 0;

	if (!op_given(call, "trust"))
		rc = read_file(conf_find(SLICE("trust.file"))->def, &pem, err);
	question_trust(q, buf_slice(&pem));
	buf_done(&pem);
	return rc;
}

static int take(struct op_call *call, struct question *q, struct err *err)
{
	if (take_file(call, "leaf", q, take_leaf, err) != 0 || take_system(call, q, err) != 0 ||
	    take_file(call, "trust", q, take_trust, err) != 0 ||
	    take_file(call, "untrusted", q, take_untrusted, err) != 0 ||
	    take_file(call, "crl", q, take_lists, err) != 0)
		return -1;
	return take_words(call, q, err);
}

/* --- the answer --- */

static void say_step(void *arg, size_t depth, const char *text)
{
	op_say(arg, "%*s%s", (int)(2 * (depth - 1)), "", text);
}

static void answer(struct op_call *call, struct question *q)
{
	struct verify_path path = { 0 };
	struct err err = { 0 };
	struct buf name = { 0 };

	q->spec.say = say_step;
	q->spec.arg = call;
	bool valid = question_ask(q, &path, &err) == 0;
	op_put_bool(call, "valid", valid);
	if (!valid)
		op_put_text(call, "reason", slice_str(err.text));
	for (size_t i = 0; valid && i < path.n; i++) {
		buf_clear(&name);
		cert_name_text(path.cert[i].subject, &name);
		op_row(call);
		op_put_text(call, "path", buf_slice(&name));
		op_put_time(call, "till", path.cert[i].not_after);
	}
	buf_done(&name);
}

static int run(struct op_call *call)
{
	struct question *q = pool_get(op_pool(call), sizeof(*q));
	struct err err = { 0 };

	start_once();
	question_init(q);
	int rc = take(call, q, &err);
	if (rc == 0)
		answer(call, q);
	question_done(q);
	return op_done(call, rc, &err);
}

static void line(struct slice question, struct buf *answer)
{
	start_once();
	question_line(question, answer);
}

static const char *const purposes[] = { "server", "client", "email", "any", NULL };
static const char *const profiles[] = { "strict", "path", NULL };

static const struct op_arg args[] = {
	{ "leaf", OP_FILE, OP_REQUIRED, "the certificate in PEM; others behind it may help", NULL },
	{ "trust", OP_FILE, OP_OPTION,
	    "authorities that are trusted, PEM; without it: the system's", NULL },
	{ "untrusted", OP_FILE, OP_OPTION, "certificates that may stand between, PEM", NULL },
	{ "crl", OP_FILE, OP_OPTION,
	    "lists of revoked certificates, PEM; then each certificate must be covered by one",
	    NULL },
	{ "name", OP_TEXT, OP_OPTION, "host, IP address or mail address that it must be for",
	    NULL },
	{ "purpose", OP_CHOICE, OP_OPTION, "what it must be for; without it: anything", purposes },
	{ "profile", OP_CHOICE, OP_OPTION,
	    "strict: as the Web PKI and S/MIME ask, the rule with a "
	    "purpose; path: RFC 5280 6.1 alone",
	    profiles },
	{ "time", OP_TEXT, OP_OPTION, "when, as 2026-01-31T12:00:00Z; without it: now", NULL },
	{ "max-depth", OP_NUMBER, OP_OPTION, "how many authorities may stand between", NULL },
	{ "policies", OP_TEXT, OP_OPTION, "OIDs of policies, one of which must hold", NULL },
	{ "explicit-policy", OP_BOOL, OP_OPTION, "a policy must hold", NULL },
	{ "no-policy-mapping", OP_BOOL, OP_OPTION, "policies must not be mapped", NULL },
	{ "no-any-policy", OP_BOOL, OP_OPTION, "anyPolicy counts for none", NULL },
	{ 0 },
};

OPERATION(pki_verify) = {
	.name = "pki verify",
	.role = OP_SERVER_ADMIN,
	.args = args,
	.help = "judge a certificate as the server would, and tell each step",
	.more =
	    "Without a server. It ends with status 1 when the certificate is not good. With\n"
	    "--json-lines and nothing else it reads questions from standard input, a JSON\n"
	    "object a line, and answers each at once in a line; docs/pki-verify.md has the form.",
	.example = "pki verify --trust roots.pem --name mail.example.org --purpose server mail.pem",
	.reads = true,
	.offline = true,
	.run = run,
	.line = line,
};
