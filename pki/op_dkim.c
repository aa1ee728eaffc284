/* op_dkim.c - the keys by which domains sign their mail, as admins see them */
#include <stdio.h>
#include <time.h>

#include "core/conf.h"
#include "core/op.h"
#include "pki/domainkey.h"
#include "storage/dir.h"

CONF_KEY(dkim_publish_wait) = {
	.name = "dkim.publish-wait",
	.type = CONF_DURATION,
	.def = "2d",
	.min = 1000,
	.max = 90 * 86400000LL,
	.help = "how long a new DKIM key of a rotation is published before it signs",
};

enum { SELECTOR = 32 };

/* --- what is asked about --- */

static int find_domain(struct op_call *call, struct slice *out)
{
	struct dir_domain domain;

	*out = slice_str(op_text(call, "domain"));
	int found = dir_domain(*out, op_pool(call), &domain);
	if (found < 0)
		return op_fail(call, ERR_TEMP, "the directory cannot be read");
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "%s is not hosted here", out->p);
	*out = slice_str(domain.name);
	return 0;
}

static int find_key(struct op_call *call, struct domainkey *out)
{
	struct slice domain, selector = slice_str(op_text(call, "selector"));

	if (find_domain(call, &domain) != 0)
		return -1;
	int found = domainkey_get(domain, selector, op_pool(call), out);
	if (found < 0)
		return op_fail(call, ERR_TEMP, "the key cannot be read");
	if (found == 0)
		return op_fail(call, ERR_ABSENT,
		    "there is no key '%s'; signet dkim list %.*s tells which there are", selector.p,
		    SLICE_ARG(domain));
	return 0;
}

/* --- list, show --- */

static void put_state(struct op_call *call, const struct domainkey *key)
{
	op_put_text(call, "selector", key->selector);
	op_put_text(call, "kind", slice_str(domainkey_kind_names[key->kind]));
	op_put_text(call, "state", slice_str(domainkey_state_names[key->state]));
	op_put_time(call, "made", key->made);
	op_put_time(call, "since", key->since);
	if (key->state == DOMAINKEY_WAITING && key->due > 0)
		op_put_time(call, "signs-from", key->due);
}

static void put_key(struct op_call *call, const struct domainkey *key)
{
	struct buf name = { 0 }, text = { 0 };

	put_state(call, key);
	domainkey_name(key, &name);
	domainkey_text(key, &text);
	op_put_text(call, "name", buf_slice(&name));
	op_put_text(call, "text", buf_slice(&text));
	buf_done(&name);
	buf_done(&text);
}

static bool put_row(void *arg, const struct domainkey *key)
{
	op_row(arg);
	put_state(arg, key);
	return true;
}

static int run_list(struct op_call *call)
{
	struct slice domain;

	if (find_domain(call, &domain) != 0)
		return -1;
	if (domainkey_each(domain, put_row, call) != 0)
		return op_fail(call, ERR_TEMP, "the keys cannot be read");
	return 0;
}

static const struct op_arg domain_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "a hosted domain", NULL },
	{ 0 },
};

OPERATION(dkim_list) = {
	.name = "dkim list",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "list the keys by which a domain signs its mail",
	.example = "dkim list example.org",
	.reads = true,
	.lists = true,
	.run = run_list,
};

static int run_show(struct op_call *call)
{
	struct domainkey key;

	if (find_key(call, &key) != 0)
		return -1;
	put_key(call, &key);
	return 0;
}

static const struct op_arg key_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "a hosted domain", NULL },
	{ "selector", OP_TEXT, OP_REQUIRED, "name of the key", NULL },
	{ 0 },
};

OPERATION(dkim_show) = {
	.name = "dkim show",
	.role = OP_DOMAIN_ADMIN,
	.args = key_args,
	.help = "show a DKIM key and the TXT record to publish for it",
	.example = "dkim show example.org r20261121",
	.reads = true,
	.run = run_show,
};

/* --- add, rotate --- */

/* "r20261121", and with a letter behind when there is one already. */
static int add_one(struct op_call *call, struct slice domain, const char *selector,
    enum domainkey_kind kind, int64_t due)
{
	char name[SELECTOR];
	struct err err = { 0 };
	struct tm day;
	time_t now = time(NULL);
	struct domainkey key;
	int rc = -1;

	gmtime_r(&now, &day);
	size_t n =
	    strftime(name, sizeof(name) - 1, kind == DOMAINKEY_RSA ? "r%Y%m%d" : "e%Y%m%d", &day);
	name[n + 1] = '\0';
	if (selector)
		rc = domainkey_add(domain, slice_str(selector), kind, due, &err);
	for (char c = 'a'; !selector && c <= 'z'; c++) {
		rc = domainkey_add(domain, slice_str(name), kind, due, &err);
		if (rc == 0 || err.kind != ERR_EXISTS)
			break;
		name[n] = c;
	}
	if (rc != 0)
		return op_fail_err(call, &err);
	if (domainkey_get(domain, slice_str(selector ? selector : name), op_pool(call), &key) ==
	    1) {
		op_row(call);
		put_key(call, &key);
	}
	return 0;
}

static const char *const kinds[] = { "rsa", "ed25519", "both", NULL };
enum { BOTH = 2 };

static int run_add(struct op_call *call)
{
	const char *selector = op_text(call, "selector");
	int64_t kind = op_number(call, "type", selector ? DOMAINKEY_RSA : BOTH);
	struct slice domain;

	if (find_domain(call, &domain) != 0)
		return -1;
	if (selector && kind == BOTH)
		return op_fail(call, ERR_INPUT, "one selector is for one key");
	if (kind != DOMAINKEY_ED25519 && add_one(call, domain, selector, DOMAINKEY_RSA, 0) != 0)
		return -1;
	if (kind != DOMAINKEY_RSA && add_one(call, domain, selector, DOMAINKEY_ED25519, 0) != 0)
		return -1;
	op_say(call, "Publish the records, then say: signet dkim activate %s SELECTOR", domain.p);
	return 0;
}

static const struct op_arg add_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "a hosted domain", NULL },
	{ "selector", OP_TEXT, OP_OPTION, "name of the key; else it is made of the date", NULL },
	{ "type", OP_CHOICE, OP_OPTION, "kind of key; both when no selector is given", kinds },
	{ 0 },
};

OPERATION(dkim_add) = {
	.name = "dkim add",
	.role = OP_DOMAIN_ADMIN,
	.args = add_args,
	.help = "make keys by which a domain is to sign its mail",
	.more = "A new key waits: publish its record (`dkim show`), then `dkim activate` it. RSA\n"
		"is understood everywhere, Ed25519 by many; mail is signed with both.",
	.example = "dkim add example.org\ndkim add example.org --selector mail --type rsa",
	.lists = true,
	.run = run_add,
};

static bool note_kind(void *arg, const struct domainkey *key)
{
	bool *active = arg;

	if (key->state == DOMAINKEY_ACTIVE)
		active[key->kind] = true;
	return true;
}

static int run_rotate(struct op_call *call)
{
	bool active[2] = { false, false };
	int64_t due = time(NULL) + conf_num(&conf_key_dkim_publish_wait) / 1000;
	struct slice domain;

	if (find_domain(call, &domain) != 0)
		return -1;
	if (domainkey_each(domain, note_kind, active) != 0)
		return op_fail(call, ERR_TEMP, "the keys cannot be read");
	if (!active[0] && !active[1])
		return op_fail(call, ERR_ABSENT, "no key is active: signet dkim add %s", domain.p);
	for (int kind = DOMAINKEY_RSA; kind <= DOMAINKEY_ED25519; kind++)
		if (active[kind] &&
		    add_one(call, domain, NULL, (enum domainkey_kind)kind, due) != 0)
			return -1;
	op_say(call, "Publish the records; they sign from signs-from on, once they are published");
	return 0;
}

OPERATION(dkim_rotate) = {
	.name = "dkim rotate",
	.role = OP_DOMAIN_ADMIN,
	.args = domain_args,
	.help = "make new keys in place of those that a domain signs with",
	.more = "The new ones begin to sign after dkim.publish-wait, as soon as the DNS has their\n"
		"records; until then the old ones do. Leave the old records published for a week\n"
		"more, then `dkim remove` them.",
	.example = "dkim rotate example.org",
	.lists = true,
	.run = run_rotate,
};

/* --- activate, remove --- */

static int run_activate(struct op_call *call)
{
	struct domainkey key;
	struct err err = { 0 };

	if (find_key(call, &key) != 0)
		return -1;
	if (!op_bool(call, "unpublished") && domainkey_published(&key, op_pool(call), &err) != 1)
		return op_fail(call, err.kind, "%s; --unpublished signs all the same", err.text);
	return op_done(call, domainkey_activate(key.domain, key.selector, &err), &err);
}

static const struct op_arg activate_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "a hosted domain", NULL },
	{ "selector", OP_TEXT, OP_REQUIRED, "name of the key", NULL },
	{ "unpublished", OP_BOOL, OP_OPTION, "without asking whether the DNS has its record",
	    NULL },
	{ 0 },
};

OPERATION(dkim_activate) = {
	.name = "dkim activate",
	.role = OP_DOMAIN_ADMIN,
	.args = activate_args,
	.help = "sign with a key from now on, in place of the one of its kind that did",
	.more =
	    "The DNS is asked first: mail that is signed with a key that nobody finds is worse\n"
	    "than mail that is not signed.",
	.example = "dkim activate example.org r20261121",
	.network = true,
	.run = run_activate,
};

static int run_remove(struct op_call *call)
{
	struct domainkey key;
	struct err err = { 0 };

	if (find_key(call, &key) != 0)
		return -1;
	if (key.state == DOMAINKEY_ACTIVE && !op_bool(call, "active"))
		return op_fail(call, ERR_BUSY, "it signs; --active removes it all the same");
	return op_done(call, domainkey_remove(key.domain, key.selector, &err), &err);
}

static const struct op_arg remove_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED, "a hosted domain", NULL },
	{ "selector", OP_TEXT, OP_REQUIRED, "name of the key", NULL },
	{ "active", OP_BOOL, OP_OPTION, "also one that signs now", NULL },
	{ 0 },
};

OPERATION(dkim_remove) = {
	.name = "dkim remove",
	.role = OP_DOMAIN_ADMIN,
	.args = remove_args,
	.help = "remove a DKIM key",
	.example = "dkim remove example.org r20261121",
	.run = run_remove,
};
