/* log_level.c - which events are written: a setting, and a short way to change it */
#include "core/conf.h"
#include "core/log.h"
#include "core/op.h"

static const char *const levels[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug", NULL
};

static void changed(int64_t level)
{
	log_level_set((enum log_level)level);
}

CONF_KEY(log_level) = {
	.name = "log.level",
	.type = CONF_CHOICE,
	.choices = levels,
	.def = "info",
	.help = "least important events that the log takes",
	.changed = changed,
};

static int run_level(struct op_call *call)
{
	const char *level = op_text(call, "level");
	struct err err = { 0 };

	if (level &&
	    conf_set(&conf_key_log_level, CONF_SERVER, SLICE(""), slice_str(level), &err) != 0)
		return op_fail_err(call, &err);
	op_put_text(call, "level", slice_str(levels[conf_num(&conf_key_log_level)]));
	return 0;
}

static const struct op_arg level_args[] = {
	{ "level", OP_CHOICE, 0, "least important events to write from now on", levels },
	{ 0 },
};

OPERATION(log_level) = {
	.name = "log level",
	.role = OP_SERVER_ADMIN,
	.args = level_args,
	.help = "show or change how much is logged; the setting log.level",
	.example = "log level debug",
	.run = run_level,
};
