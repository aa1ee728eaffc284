/* op_pki_show.c - what an owner has, for people: key, certificate, chain, and what is odd about
 * them */
#include <time.h>

#include "core/text.h"
#include "pki/op_pki.h"
#include "pki/profile.h"
#include "pki/stage.h"
#include "pki/staple.h"
#include "storage/dir.h"

static void put_dates(struct op_call *call, const struct pki_cert *cert)
{
	op_put_time(call, "from", cert->not_before);
	op_put_time(call, "till", cert->not_after);
}

void pki_call_put_cert(struct op_call *call, const struct cert *cert)
{
	struct pki_cert text;

	cert_describe(cert, op_pool(call), &text);
	op_put_text(call, "issued-to", slice_str(text.subject));
	op_put_text(call, "issued-by", slice_str(text.issuer));
	op_put_text(call, "serial", slice_str(text.serial));
	put_dates(call, &text);
	op_put_text(call, "sha256", slice_str(text.sha256));
}

/* C-029: these words. */
static void put_key(struct op_call *call, const char *domain, const struct domain_record *record)
{
	struct sign_key key = { domain, record->key };
	struct key_info info;
	struct err err = { 0 };

	if (record->key.n == 0)
		return;
	if (sign_look(&key, &info, &err) == 0) {
		op_put_text(call, "key", slice_str(info.type));
		op_put_text(call, "key_type", slice_str(info.type));
		op_put_number(call, "key_bits", info.bits);
		key_info_done(&info);
	}
	bool good = err.kind == ERR_NONE && sign_test(&key, &err) == 0;
	op_put_text(call, "key_test",
	    good ? SLICE("Verification String is OK")
		 : slice_str(pool_printf(op_pool(call), "error: %s", err.text)));
}

/* C-043: each attribute by itself, as to-cn, by-o and so on. */
static void put_parts(struct op_call *call, const char *whose, struct slice name)
{
	static const char *const words[SUBJECT_PARTS] = { "C", "ST", "L", "O", "OU", "CN",
		"emailAddress" };
	struct buf part = { 0 };

	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++) {
		buf_clear(&part);
		cert_name_part(name, words[i], &part);
		if (part.n > 0)
			op_put_text(call,
			    pool_printf(op_pool(call), "%s-%s", whose, subject_words[i]),
			    buf_slice(&part));
	}
	buf_done(&part);
}

static void put_leaf(struct op_call *call, const struct cert *leaf)
{
	struct pki_cert cert;

	cert_describe(leaf, op_pool(call), &cert);
	op_put_text(call, "subject", slice_str(cert.subject));
	op_put_text(call, "issuer", slice_str(cert.issuer));
	put_parts(call, "to", leaf->subject);
	put_parts(call, "by", leaf->issuer);
	op_put_text(call, "names", slice_str(cert.names));
	op_put_text(call, "serial", slice_str(cert.serial));
	op_put_text(call, "sha256", slice_str(cert.sha256));
	op_put_text(call, "sha1", slice_str(cert.sha1));
	op_put_text(call, "md5", slice_str(cert.md5));
	put_dates(call, &cert);
	op_put_bool(call, "self-signed", domain_is_self_signed(leaf));
}

struct naming {
	struct op_call *call;
	const struct cert *leaf;
};

static bool warn_of_alias(void *arg, const struct dir_domain *alias)
{
	const struct naming *n = arg;
	struct slice name = slice_str(alias->name);

	if (!cert_covers(n->leaf, name))
		op_say(
		    n->call, "The certificate is not for the name %.*s, an alias", SLICE_ARG(name));
	return true;
}

/* What clients look for first; C-044, E-013. */
static void warn_of_names(struct op_call *call, const char *owner, const struct cert *leaf)
{
	struct slice host = slice_str(owner_host(slice_str(owner), op_pool(call)));
	struct naming n = { call, leaf };

	if (!cert_covers(leaf, host))
		op_say(call, "The certificate is not for the name %.*s", SLICE_ARG(host));
	dir_domain_aliases(slice_str(owner), warn_of_alias, &n);
}

void pki_call_warn_of_names(struct op_call *call, const char *domain)
{
	struct domain_record record;
	struct buf bytes = { 0 };
	struct cert leaf;

	if (record_get(slice_str(domain), &bytes, &record) == 1 && cert_next(&record.leaf, &leaf))
		warn_of_names(call, domain, &leaf);
	buf_done(&bytes);
}

static void put_pem(struct op_call *call, const struct domain_record *record)
{
	struct buf pem = { 0 };

	cert_to_pem(record->leaf, &pem);
	cert_to_pem(record->above, &pem);
	op_put_text(call, "chain", buf_slice(&pem));
	buf_done(&pem);
}

static void say(void *arg, const char *sentence)
{
	op_say(arg, "%s", sentence);
}

/* What the last request said of the domain, or the next would, as said-cn, said-o and so on. */
static void put_said(struct op_call *call, const char *domain, const struct domain_record *record)
{
	struct subject said = { 0 };

	subject_read(record->subject, op_pool(call), &said);
	subject_defaults(&said, domain, op_pool(call));
	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
		if (said.part[i])
			op_put_text(call, pool_printf(op_pool(call), "said-%s", subject_words[i]),
			    slice_str(said.part[i]));
	if (said.names)
		op_put_text(call, "said-names", slice_str(said.names));
}

/* Those that a certificate is good for when nothing else is said. */
static void put_own_names(struct op_call *call, const char *domain)
{
	const char *names = NULL;

	if (pki_domain_names(slice_str(domain), op_pool(call), &names, NULL) == 0)
		op_put_text(call, "own-names", slice_str(names));
}

/* E-017: does it wait until it is committed? */
static void put_profile(struct op_call *call, struct slice owner)
{
	struct buf where = { 0 };

	assign_where(owner_profile_name(owner), &where);
	op_put_text(call, "profile", owner_profile_name(owner));
	op_put_text(call, "assigned", buf_slice(&where));
	op_put_bool(call, "pending", stage_has(owner));
	buf_done(&where);
}

/* E-006 */
static void put_mode(struct op_call *call, enum pki_mode mode)
{
	op_put_text(call, "mode", slice_str(pki_mode_names[mode]));
	if (mode == PKI_TEST)
		op_say(call, "The demo certificate is shown instead: demo, not verifiable");
}

static void put_owner(struct op_call *call, const char *owner, const struct domain_record *record)
{
	if (owner_is_profile(slice_str(owner))) {
		put_profile(call, slice_str(owner));
		return;
	}
	op_put_text(call, "domain", slice_str(owner));
	put_mode(call, record->mode);
}

/* Where it is read from, if it is read again. */
static void put_files(struct op_call *call, const struct domain_record *record)
{
	struct slice rest = record->files;

	if (rest.n == 0)
		return;
	op_put_text(call, "certificate-file", slice_cut(&rest, '\n'));
	op_put_text(call, "key-file", slice_cut(&rest, '\n'));
}

static void put_record(struct op_call *call, const char *domain, struct domain_record *record)
{
	struct slice rest = record->leaf;
	struct shown shown;
	struct cert cert;

	put_owner(call, domain, record);
	op_put_bool(call, "tls", shown_of(domain, record, &shown) == 1);
	shown_done(&shown);
	put_key(call, domain, record);
	if (cert_next(&rest, &cert)) {
		put_leaf(call, &cert);
		warn_of_names(call, domain, &cert);
	}
	put_pem(call, record);
	put_files(call, record);
	put_said(call, domain, record);
	if (!owner_is_profile(slice_str(domain)))
		put_own_names(call, domain);
	chain_advice(record, time(NULL), say, call);
	staple_advice(slice_str(domain), say, call);
	for (rest = record->above; cert_next(&rest, &cert);) {
		op_row(call);
		pki_call_put_cert(call, &cert);
	}
}

/* 0 with the record, or -1 after a failure; *bytes is the caller's. */
static int read_record(
    struct op_call *call, struct slice *domain, struct buf *bytes, struct domain_record *record)
{
	struct err err = { 0 };

	if (owner_find(pki_call_domain(call), op_pool(call), domain, &err) != 0)
		return op_fail_err(call, &err);
	if (stage_newest(*domain, bytes, record) < 0)
		return op_fail(call, ERR_TEMP, "what %s has cannot be read", domain->p);
	return 0;
}

int pki_call_show(struct op_call *call)
{
	struct domain_record record = { .mode = PKI_ENABLED };
	struct buf bytes = { 0 };
	struct slice domain;
	int rc = read_record(call, &domain, &bytes, &record);

	if (rc == 0)
		put_record(call, domain.p, &record);
	buf_done(&bytes);
	return rc;
}

OPERATION(pki_show) = {
	.name = "pki show",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "show what a domain has: mode, key, certificate and the chain above it",
	.more =
	    "The rows are the certificates of the chain. Sentences say what is odd about it; they\n"
	    "are advice, for nothing but the form of a chain is checked when it is set.",
	.example = "pki show example.org",
	.reads = true,
	.run = pki_call_show,
};

/* --- certificate --- */

int pki_run_certificate(struct op_call *call)
{
	struct domain_record record = { 0 };
	struct buf bytes = { 0 };
	struct slice domain;
	int rc = read_record(call, &domain, &bytes, &record);

	if (rc == 0 && record.leaf.n == 0)
		rc = op_fail(call, ERR_ABSENT, "%s has no certificate", domain.p);
	if (rc == 0)
		put_pem(call, &record);
	buf_done(&bytes);
	return rc;
}

OPERATION(pki_certificate) = {
	.name = "pki certificate",
	.role = OP_DOMAIN_ADMIN,
	.args = pki_domain_args,
	.help = "write a domain's certificate and its chain as PEM, and nothing else",
	.example = "pki certificate example.org > example.org.pem",
	.reads = true,
	.run = pki_run_certificate,
};
