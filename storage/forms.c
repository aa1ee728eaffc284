/* forms.c - a script made of what a form says, and the form read from it
 *
 *	# forward friend@partner.example
 *	# keep
 *	# answer
 *	# text SSBhbSBhd2F5Lg==
 *	require [...];
 *	vacation ...; redirect :copy ...; */
#include "storage/forms.h"

#include "core/num.h"
#include "core/text.h"

enum { TEXT_MAX = 16 * 1024, DAYS_MAX = 3650 };

static const char made[] = "forms";

/* --- read --- */

static struct slice decoded(struct slice text, struct pool *pool)
{
	struct buf out = { 0 };

	base64_get(&out, text);
	struct slice copy = pool_slice(pool, buf_slice(&out));
	buf_done(&out);
	return copy;
}

static void read_line(struct slice line, struct pool *pool, struct forms *out)
{
	struct slice word = slice_word(&line), value = slice_trim(line);
	uint64_t days;

	if (slice_eq(word, SLICE("forward")))
		out->forward = pool_slice(pool, value);
	else if (slice_eq(word, SLICE("keep")))
		out->keep = true;
	else if (slice_eq(word, SLICE("answer")))
		out->answer = true;
	else if (slice_eq(word, SLICE("days")) && num_u64(value, DAYS_MAX, &days))
		out->days = (unsigned)days;
	else if (slice_eq(word, SLICE("from")))
		out->from = pool_slice(pool, value);
	else if (slice_eq(word, SLICE("until")))
		out->until = pool_slice(pool, value);
	else if (slice_eq(word, SLICE("subject")))
		out->subject = decoded(value, pool);
	else if (slice_eq(word, SLICE("text")))
		out->text = decoded(value, pool);
}

static void parse(struct slice script, struct pool *pool, struct forms *out)
{
	*out = (struct forms){ 0 };
	while (slice_starts(script, SLICE("# ")))
		read_line(slice_from(slice_cut(&script, '\n'), 2), pool, out);
}

int forms_read(uint64_t account, uint32_t shard, struct pool *pool, struct forms *out)
{
	struct script_owner owner = script_of_forms(account, shard);
	struct buf text = { 0 };
	int found = script_get(&owner, slice_str(made), &text);

	parse(found == 1 ? buf_slice(&text) : (struct slice){ 0 }, pool, out);
	buf_done(&text);
	return found < 0 ? -1 : 0;
}

/* --- write --- */

static void put_note(struct buf *out, const char *word, struct slice value)
{
	if (value.n > 0)
		buf_printf(out, "# %s %.*s\n", word, SLICE_ARG(value));
}

static void put_encoded(struct buf *out, const char *word, struct slice value)
{
	struct buf text = { 0 };

	base64_put(&text, value);
	put_note(out, word, buf_slice(&text));
	buf_done(&text);
}

static void put_notes(const struct forms *forms, struct buf *out)
{
	put_note(out, "forward", forms->forward);
	if (forms->keep)
		buf_addz(out, "# keep\n");
	if (forms->answer)
		buf_addz(out, "# answer\n");
	if (forms->days > 0)
		buf_printf(out, "# days %u\n", forms->days);
	put_note(out, "from", forms->from);
	put_note(out, "until", forms->until);
	put_encoded(out, "subject", forms->subject);
	put_encoded(out, "text", forms->text);
}

static void put_quoted(struct buf *out, struct slice text)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, text.p[i]);
	}
	buf_addc(out, '"');
}

static void put_day(struct buf *out, const char *relation, struct slice day)
{
	if (day.n > 0)
		buf_printf(
		    out, ", currentdate :value \"%s\" \"date\" \"%.*s\"", relation, SLICE_ARG(day));
}

static void put_answer(const struct forms *forms, struct buf *out)
{
	buf_addz(out, "if allof (true");
	put_day(out, "ge", forms->from);
	put_day(out, "le", forms->until);
	buf_addz(out, ") {\nvacation ");
	if (forms->days > 0)
		buf_printf(out, ":days %u ", forms->days);
	if (forms->subject.n > 0) {
		buf_addz(out, ":subject ");
		put_quoted(out, forms->subject);
	}
	buf_addc(out, ' ');
	put_quoted(out, forms->text);
	buf_addz(out, ";\n}\n");
}

/* A text is kept for the next time, when nothing is answered now. */
static void write_script(const struct forms *forms, struct buf *out)
{
	struct slice rest = forms->forward, word;

	if (!forms->answer && rest.n == 0 && forms->text.n == 0)
		return;
	put_notes(forms, out);
	buf_addz(out, "require [\"vacation\", \"date\", \"relational\", \"copy\"];\n");
	if (forms->answer)
		put_answer(forms, out);
	while ((word = slice_word(&rest)).n > 0) {
		buf_printf(out, "redirect %s", forms->keep ? ":copy " : "");
		put_quoted(out, word);
		buf_addz(out, ";\n");
	}
}

/* --- change --- */

struct change {
	void (*change)(void *arg, struct forms *forms);
	void *arg;
	struct err *err;
	struct pool pool;
	bool bad;
};

static bool is_day(struct slice day)
{
	for (size_t i = 0; i < day.n; i++)
		if (i == 4 || i == 7 ? day.p[i] != '-' : day.p[i] < '0' || day.p[i] > '9')
			return false;
	return day.n == 10 || day.n == 0;
}

static int check_forward(const struct forms *forms, struct pool *pool, struct err *err)
{
	struct slice rest = forms->forward, word;
	struct address address;
	unsigned n = 0;

	for (; (word = slice_word(&rest)).n > 0; n++)
		if (!address_parse(pool, word, &address))
			return err_set(
			    err, ERR_INPUT, "%.*s is no address", SLICE_ARG(slice_head(word, 100)));
	return n <= sieve_redirects_max()
	    ? 0
	    : err_set(err, ERR_LIMIT, "mail is forwarded to %u addresses at most",
		  sieve_redirects_max());
}

static int check(const struct forms *forms, struct pool *pool, struct err *err)
{
	if (!is_day(forms->from) || !is_day(forms->until))
		return err_set(err, ERR_INPUT, "a day is like 2026-12-24");
	if (forms->answer && slice_trim(forms->text).n == 0)
		return err_set(err, ERR_INPUT, "an answer needs a text");
	if (forms->text.n > TEXT_MAX || forms->days > DAYS_MAX)
		return err_set(err, ERR_LIMIT, "the text or the number of days is too large");
	return check_forward(forms, pool, err);
}

static void edit(void *arg, struct slice text, struct buf *out)
{
	struct change *change = arg;
	struct forms forms;

	parse(text, &change->pool, &forms);
	change->change(change->arg, &forms);
	change->bad = check(&forms, &change->pool, change->err) != 0;
	if (change->bad)
		buf_adds(out, text);
	else
		write_script(&forms, out);
}

int forms_change(uint64_t account, uint32_t shard, void (*how)(void *arg, struct forms *forms),
    void *arg, struct err *err)
{
	struct script_owner owner = script_of_forms(account, shard);
	struct change change = { .change = how, .arg = arg, .err = err };
	int rc = script_edit(&owner, slice_str(made), edit, &change, err);

	pool_done(&change.pool);
	return change.bad ? -1 : rc;
}
