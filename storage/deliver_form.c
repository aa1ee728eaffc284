/* deliver_form.c - the bodies of a delivery, each appended once to a shard's segments
 *
 * They are appended while the plan is made, before the write. The clear text is
 * so only when somebody is to have it in the clear; an encrypted one is
 * dropped from memory at once. */
#include "storage/deliver_private.h"
#include "storage/filter.h"

static struct form *find(struct delivery *op, const struct shard *shard, struct slice made_for)
{
	for (struct form *form = op->forms; form; form = form->next)
		if (form->shard == shard && !form->alone && slice_eq(form->made_for, made_for))
			return form;
	return NULL;
}

static struct form *append(
    struct delivery *op, struct shard *shard, struct slice text, struct err *err)
{
	struct form *form = pool_get(&op->pool, sizeof(*form));

	if (text.n > UINT32_MAX) {
		err_set(err, ERR_LIMIT, "the message is too large");
		return NULL;
	}
	if (body_append(shard->bodies, &text, 1, &form->place, err) < 0)
		return NULL;
	summary_make(text, op->now, &form->summary);
	summary_set_body(&form->summary, form->place.id);
	form->shard = shard;
	form->size = (uint32_t)text.n;
	form->next = op->forms;
	op->forms = form;
	return form;
}

struct form *form_clear(struct delivery *op, struct shard *shard, struct err *err)
{
	struct form *form = find(op, shard, (struct slice){ 0 });

	return form ? form : append(op, shard, op->whole, err);
}

/* The addresses, parted by blanks. */
static struct slice join(struct pool *pool, const char *const accounts[], size_t n)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_printf(&out, "%s%s", i ? " " : "", accounts[i]);
	struct slice joined = pool_slice(pool, buf_slice(&out));
	buf_done(&out);
	return joined;
}

struct form *form_encrypted(struct delivery *op, struct shard *shard, const char *const accounts[],
    size_t n, struct err *err)
{
	struct slice made_for = join(&op->pool, accounts, n);
	struct form *form = find(op, shard, made_for);
	struct buf out = { 0 };

	if (form)
		return form;
	if (store_filter_encrypt(op->whole, accounts, n, &out, err) != 0)
		;
	else if (out.n == 0) /* it is encrypted already */
		form = form_clear(op, shard, err);
	else if ((form = append(op, shard, buf_slice(&out), err)))
		form->made_for = made_for;
	buf_done(&out);
	return form;
}

struct form *form_text(struct delivery *op, struct shard *shard, struct slice text, struct err *err)
{
	struct form *form = append(op, shard, text, err);

	if (form)
		form->alone = true;
	return form;
}

/* RFC 5321 4.4: that line is for a mailbox; where the copy goes, it gets another. */
static struct slice without_return_path(struct slice text)
{
	if (slice_istarts(text, SLICE("Return-Path:")))
		slice_cut(&text, '\n');
	return text;
}

struct form *form_passed_on(
    struct delivery *op, struct shard *shard, struct slice by, struct slice before, struct err *err)
{
	struct form *form = NULL;
	struct buf text = { 0 };

	if (deliver_seal(op, by, &text)) {
		buf_room(&text, before.n + op->whole.n);
		buf_adds(&text, before);
		buf_adds(&text, without_return_path(op->whole));
		form = form_text(op, shard, buf_slice(&text), err);
	} else {
		err_set(err, ERR_BUSY, "its chain of seals is not known yet");
	}
	buf_done(&text);
	return form;
}

void form_done(struct form *forms)
{
	for (; forms; forms = forms->next)
		buf_done(&forms->summary);
}
