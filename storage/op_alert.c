/* op_alert.c - who gets which alerts
 *
 * A record is a version byte, the severities, the types; its key is the address. */
#include "core/op.h"
#include "storage/alert_private.h"
#include "storage/store.h"

enum { VERSION = 1, RECORD_BYTES = 3 };

static const char room[] = "alert";

const char *const alert_severities[] = { "info", "warning", "critical", NULL };
const char *const alert_types[] = { "system", "security", "limits", NULL };

struct visit {
	bool (*visit)(void *arg, const struct alert_recipient *recipient);
	void *arg;
};

static bool see_record(void *arg, struct slice key, struct slice value)
{
	const struct visit *v = arg;

	if (value.n != RECORD_BYTES || value.p[0] != VERSION)
		return true;
	return v->visit(v->arg,
	    &(struct alert_recipient){ key, (unsigned char)value.p[1], (unsigned char)value.p[2] });
}

int alert_each_recipient(
    bool (*visit)(void *arg, const struct alert_recipient *recipient), void *arg)
{
	struct visit v = { visit, arg };

	return store_record_each(room, (struct slice){ 0 }, see_record, &v) < 0 ? -1 : 0;
}

/* --- alert add --- */

/* "warning critical": bits; 0: a word that is none. */
static unsigned bits_of(struct slice words, const char *const *names)
{
	struct slice word;
	unsigned bits = 0;

	while ((word = slice_word(&words)).n > 0) {
		unsigned i = 0;
		while (names[i] && !slice_ieq(word, slice_str(names[i])))
			i++;
		if (!names[i])
			return 0;
		bits |= 1U << i;
	}
	return bits;
}

static int take_bits(
    struct op_call *call, const char *arg, const char *const *names, unsigned char *out)
{
	enum { ALL = 0x7f };
	const char *text = op_text(call, arg);
	unsigned bits = text ? bits_of(slice_str(text), names) : ALL;
	struct buf words = { 0 };

	*out = (unsigned char)bits;
	if (bits != 0)
		return 0;
	for (; *names; names++)
		buf_printf(&words, " %s", *names);
	op_fail(call, ERR_INPUT, "%s is some of:%s", arg, buf_z(&words));
	buf_done(&words);
	return -1;
}

static int run_add(struct op_call *call)
{
	unsigned char record[RECORD_BYTES] = { VERSION };
	struct err err = { 0 };

	if (take_bits(call, "severity", alert_severities, &record[1]) != 0 ||
	    take_bits(call, "type", alert_types, &record[2]) != 0)
		return -1;
	return op_done(call,
	    store_record_put(
		room, slice_str(op_text(call, "address")), slice_of(record, sizeof(record)), &err),
	    &err);
}

static const struct op_arg add_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED | OP_FOREIGN, "here or elsewhere", NULL },
	{ "severity", OP_TEXT, OP_OPTION, "only these: info warning critical", NULL },
	{ "type", OP_TEXT, OP_OPTION, "only these: system security limits", NULL },
	{ 0 },
};

/* E-070 */
OPERATION(alert_add) = {
	.name = "alert add",
	.role = OP_SERVER_ADMIN,
	.args = add_args,
	.help = "mail alerts to an address, all or some of them",
	.more =
	    "While nobody is named, the postmaster of the main domain gets all. An address that\n"
	    "is there already is changed.",
	.example = "alert add admin@example.org --severity \"warning critical\" --type system",
	.run = run_add,
};

/* --- alert remove, alert list --- */

static int run_remove(struct op_call *call)
{
	struct slice address = slice_str(op_text(call, "address"));
	struct buf record = { 0 };
	struct err err = { 0 };

	int found = store_record_get(room, address, &record);
	buf_done(&record);
	if (found == 0)
		return op_fail(call, ERR_ABSENT, "%s gets no alerts", address.p);
	if (found < 0 || store_record_put(room, address, (struct slice){ 0 }, &err) != 0)
		return op_fail(call, ERR_TEMP, "cannot be changed now");
	return 0;
}

static const struct op_arg remove_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED | OP_FOREIGN, "that got them", NULL },
	{ 0 },
};

OPERATION(alert_remove) = {
	.name = "alert remove",
	.role = OP_SERVER_ADMIN,
	.args = remove_args,
	.help = "mail no alerts to an address any more",
	.run = run_remove,
};

static void put_bits(struct op_call *call, const char *key, unsigned bits, const char *const *names)
{
	struct buf words = { 0 };

	for (unsigned i = 0; names[i]; i++)
		if (bits & 1U << i)
			buf_printf(&words, "%s%s", words.n ? " " : "", names[i]);
	op_put_text(call, key, buf_slice(&words));
	buf_done(&words);
}

struct listing {
	struct op_call *call;
	bool any;
};

static bool put_row(void *arg, const struct alert_recipient *recipient)
{
	struct listing *listing = arg;
	struct op_call *call = listing->call;

	listing->any = true;
	op_row(call);
	op_put_text(call, "address", recipient->address);
	put_bits(call, "severity", recipient->severities, alert_severities);
	put_bits(call, "type", recipient->types, alert_types);
	return true;
}

static int run_list(struct op_call *call)
{
	struct listing listing = { .call = call };

	if (alert_each_recipient(put_row, &listing) != 0)
		return op_fail(call, ERR_TEMP, "cannot read who gets alerts");
	if (!listing.any)
		op_say(call, "Nobody is named: the postmaster of the main domain gets them.");
	return 0;
}

OPERATION(alert_list) = {
	.name = "alert list",
	.role = OP_SERVER_ADMIN,
	.help = "list who gets which alerts",
	.reads = true,
	.lists = true,
	.run = run_list,
};
