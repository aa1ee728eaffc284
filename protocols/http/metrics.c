/* metrics.c - /metrics: what the server counts, for Prometheus and its like */
#include "core/conf.h"
#include "core/metric.h"
#include "core/net.h"
#include "protocols/http/http_private.h"

CONF_KEY(http_metrics_from) = {
	.name = "http.metrics-from",
	.type = CONF_TEXT,
	.def = "127.0.0.0/8 ::1",
	.help = "addresses and networks that may read /metrics without a token, parted by blanks",
};

static bool may_read(struct http_req *req)
{
	const struct op_caller *caller = http_caller(req);
	struct buf networks = { 0 };
	bool may = caller && caller->role == OP_SERVER_ADMIN;

	conf_text(&conf_key_http_metrics_from, NULL, &networks);
	may = may || nets_have(buf_slice(&networks), sess_peer(http_sess(req)));
	buf_done(&networks);
	return may;
}

static int run(struct http_req *req)
{
	if (!may_read(req))
		return http_error(req, http_caller(req) ? 403 : 401,
		    "a token of a server-admin is needed, or an address of http.metrics-from");
	http_type(req, "text/plain; version=0.0.4; charset=utf-8");
	metric_write(http_body(req));
	return 0;
}

HTTP_ROUTE(metrics) = {
	.path = "/metrics",
	.methods = HTTP_GET,
	.api = true,
	.run = run,
};
