/* cmd_acl.c - ACL (RFC 4314): who may do what with a mailbox, asked and changed */
#include "protocols/imap/imap.h"
#include "protocols/imap/parse.h"
#include "protocols/imap/place.h"

/* An atom where it can be: mutt takes quotes for rights. */
static void put_rights(struct buf *out, unsigned rights)
{
	struct buf text = { 0 };

	right_put(&text, rights, true);
	buf_addz(out, text.n > 0 ? buf_z(&text) : "\"\"");
	buf_done(&text);
}

/* --- changing --- */

/* mod-rights: ["+" / "-"] letters */
static bool read_rights(struct slice text, enum right_how *how, unsigned *rights)
{
	*how = RIGHT_SET;
	if (imap_take(&text, '+'))
		*how = RIGHT_ADD;
	else if (imap_take(&text, '-'))
		*how = RIGHT_TAKE;
	return right_parse(text, rights);
}

static enum imap_done change(
    struct imap *im, struct slice name, struct slice who, enum right_how how, unsigned rights)
{
	struct err err;
	struct imap_place *place = imap_find(im, name, RIGHT_ADMIN, &err);

	if (!place ||
	    share_change(
		place->acct, slice_str(place->owner), place->name, who, how, rights, &err) != 0)
		return imap_failed(im, &err);
	return IMAP_OK;
}

static enum imap_done run_set(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct slice name, who, text;
	enum right_how how;
	unsigned rights;

	if (!imap_take_name(im, &args, &name) || !imap_take(&args, ' ') ||
	    !imap_astring(pool, &args, &who) || !imap_take(&args, ' ') ||
	    !imap_astring(pool, &args, &text) || !imap_end(args))
		return IMAP_BAD;
	if (!read_rights(text, &how, &rights)) /* RFC 4314 §3.1 */
		return imap_reply(im, IMAP_BAD, "Rights are letters of lrswipkxtea");
	return change(im, name, who, how, rights);
}

static enum imap_done run_delete(struct imap *im, struct slice args)
{
	struct slice name, who;

	if (!imap_take_name(im, &args, &name) || !imap_take(&args, ' ') ||
	    !imap_astring(sess_cmd_pool(im->sess), &args, &who) || !imap_end(args))
		return IMAP_BAD;
	return change(im, name, who, RIGHT_SET, 0);
}

/* --- asking --- */

static bool put_entry(void *arg, uint32_t box, struct slice who, unsigned rights)
{
	struct buf *out = arg;

	(void)box;
	buf_addc(out, ' ');
	imap_put_string(out, who);
	buf_addc(out, ' ');
	put_rights(out, rights);
	return true;
}

/* The mailbox, with its id, in which the user has that right. */
static struct imap_place *find(struct imap *im, struct slice name, unsigned need, struct err *err)
{
	struct imap_place *place = imap_find(im, name, need, err);
	struct box_status status;

	if (!place || box_status(place->acct, place->name, &status, err) != 0)
		return NULL;
	place->box = status.id;
	return place;
}

static enum imap_done run_get(struct imap *im, struct slice args)
{
	struct buf *out = sess_out(im->sess);
	struct imap_place *place;
	struct slice name;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !imap_end(args))
		return IMAP_BAD;
	place = find(im, name, RIGHT_ADMIN, &err);
	if (!place)
		return imap_failed(im, &err);
	buf_addz(out, "* ACL ");
	imap_put_name(im, name);
	put_entry(out, 0, slice_str(place->owner), RIGHT_ALL);
	right_each_of(place->acct, place->box, put_entry, out);
	buf_addz(out, "\r\n");
	return IMAP_OK;
}

static enum imap_done run_list(struct imap *im, struct slice args)
{
	struct pool *pool = sess_cmd_pool(im->sess);
	struct buf *out = sess_out(im->sess);
	struct imap_place *place;
	struct slice name, who;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !imap_take(&args, ' ') ||
	    !imap_astring(pool, &args, &who) || !imap_end(args))
		return IMAP_BAD;
	place = find(im, name, RIGHT_ADMIN, &err);
	if (!place)
		return imap_failed(im, &err);
	bool owner = slice_ieq(who, slice_str(place->owner));
	if (!owner && !share_identifier(pool, slice_str(place->owner), who, &err))
		return imap_failed(im, &err);
	buf_addz(out, "* LISTRIGHTS ");
	imap_put_name(im, name);
	buf_addc(out, ' ');
	imap_put_string(out, who);
	/* §3.7: what he has always, then what may be given one by one. */
	buf_addz(out, owner ? " lrswipkxteacd\r\n" : " \"\" l r s w i p k x t e a c d\r\n");
	return IMAP_OK;
}

static enum imap_done run_my(struct imap *im, struct slice args)
{
	struct imap_place *place;
	struct slice name;
	struct err err;

	if (!imap_take_name(im, &args, &name) || !imap_end(args))
		return IMAP_BAD;
	place = find(im, name, 0, &err);
	if (!place)
		return imap_failed(im, &err);
	imap_put_rights(im, name, place->rights);
	return IMAP_OK;
}

void imap_put_rights(struct imap *im, struct slice name, unsigned rights)
{
	struct buf *out = sess_out(im->sess);

	buf_addz(out, "* MYRIGHTS ");
	imap_put_name(im, name);
	buf_addc(out, ' ');
	put_rights(out, rights);
	buf_addz(out, "\r\n");
}

IMAP_COMMAND(setacl) = {
	.name = "SETACL",
	.states = IMAP_KNOWN,
	.capability = "ACL RIGHTS=kxte",
	.ref = "RFC 4314 3.1",
	.run = run_set,
};

IMAP_COMMAND(deleteacl) = {
	.name = "DELETEACL",
	.states = IMAP_KNOWN,
	.ref = "RFC 4314 3.2",
	.run = run_delete,
};

IMAP_COMMAND(getacl) = {
	.name = "GETACL",
	.states = IMAP_KNOWN,
	.ref = "RFC 4314 3.3",
	.run = run_get,
};

IMAP_COMMAND(listrights) = {
	.name = "LISTRIGHTS",
	.states = IMAP_KNOWN,
	.ref = "RFC 4314 3.4",
	.run = run_list,
};

IMAP_COMMAND(myrights) = {
	.name = "MYRIGHTS",
	.states = IMAP_KNOWN,
	.ref = "RFC 4314 3.5",
	.run = run_my,
};
