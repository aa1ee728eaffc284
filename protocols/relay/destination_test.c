/* destination_test.c - what holds for all destinations, and a try of one */
#include "core/conf.h"
#include "core/io.h"
#include "core/op.h"
#include "protocols/relay/talk.h"

/* --- for all: E-071, E-072 --- */

static int set_one(struct op_call *call, const char *arg, const char *setting)
{
	const char *value = op_given(call, arg) ? op_text(call, arg) : NULL;
	struct err err = { 0 };

	if (value &&
	    conf_set(
		conf_find(slice_str(setting)), CONF_SERVER, SLICE(""), slice_str(value), &err) != 0)
		return op_fail_err(call, &err);
	return 0;
}

static int run_setup(struct op_call *call)
{
	struct buf value = { 0 };

	if (set_one(call, "alert", "relay.tls-alert") != 0 ||
	    set_one(call, "certificate", "relay.certificate") != 0)
		return -1;
	op_put_bool(call, "alert", conf_on(conf_find(SLICE("relay.tls-alert"))));
	conf_text(conf_find(SLICE("relay.certificate")), NULL, &value);
	op_put_text(call, "certificate", buf_slice(&value));
	buf_done(&value);
	return 0;
}

static const char *const on_off[] = { "on", "off", NULL };

static const struct op_arg setup_args[] = {
	{ "alert", OP_CHOICE, OP_OPTION, "send an alert when a required TLS connection fails",
	    on_off },
	{ "certificate", OP_TEXT, OP_OPTION, "profile that is shown to servers that ask", NULL },
	{ 0 },
};

OPERATION(destination_setup) = {
	.name = "destination setup",
	.role = OP_SERVER_ADMIN,
	.args = setup_args,
	.help = "show or change what holds for all destinations: alerts, the certificate shown",
	.more =
	    "The settings relay.tls-alert and relay.certificate; a destination may have its own.",
	.example = "destination setup --alert on",
	.run = run_setup,
};

/* --- a try --- */

static void put_tls(struct op_call *call, const struct talk *talk)
{
	struct tls_info info;
	struct tls_peer peer;

	if (client_io(talk->client)->below == NULL) {
		op_put_text(call, "tls", SLICE("none"));
		return;
	}
	tls_info(client_io(talk->client), &info);
	tls_peer(client_io(talk->client), &peer);
	op_put_text(call, "tls", slice_str(info.version));
	op_put_text(call, "cipher", slice_str(info.cipher));
	op_put_bool(call, "verified", peer.verified);
	if (peer.verdict)
		op_put_text(call, "why-not", slice_str(peer.verdict));
}

static int run_test(struct op_call *call)
{
	struct conf_at at = { .destination = op_text(call, "domain"),
		.domain = op_text(call, "from") };
	enum route_verdict verdict;
	struct slice why;
	struct talk *talk = talk_open(&at, LEVEL_AS_SET, op_pool(call), &verdict, &why);

	op_put_text(call, "level", slice_str(relay_tls_names[relay_tls(&at)]));
	op_put_bool(call, "reached", talk != NULL);
	if (talk) {
		op_put_text(call, "host", buf_slice(&talk->host));
		put_tls(call, talk);
	} else
		op_put_text(call, "reason", why);
	talk_close(&talk);
	return 0;
}

static const struct op_arg test_args[] = {
	{ "domain", OP_DOMAIN, OP_REQUIRED | OP_FOREIGN, "that mail would be sent to", NULL },
	{ "from", OP_DOMAIN, OP_OPTION, "the sender's domain", NULL },
	{ 0 },
};

OPERATION(destination_test) = {
	.name = "destination test",
	.role = OP_SERVER_ADMIN,
	.args = test_args,
	.help = "connect as for a message to the domain, and say which server, and which TLS",
	.network = true,
	.run = run_test,
};
