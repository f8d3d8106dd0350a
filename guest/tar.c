#include "tar.h"
#include "file.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void (*tar_clean_up)(void);

void tar_fail(const char *code, const char *format, ...)
{
	char line[1024];
	int length = snprintf(line, sizeof line, "%s ", code);
	va_list arguments;
	va_start(arguments, format);
	length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
	va_end(arguments);
	if (length > (int)sizeof line - 2)
		length = (int)sizeof line - 2;
	for (int i = 0; i < length; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[length++] = '\n';
	if (tar_clean_up)
		tar_clean_up();
	_exit(write(2, line, (size_t)length) == length ? 1 : 1);
}

void tar_fail_errno(const char *doing, const char *name)
{
	int error = errno;
	const char *code = error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENOMEM ? "resource_exhausted" :
			   error == ENAMETOOLONG || error == EINVAL ? "invalid_argument" :
			   error == ENOENT ? "not_found" : "storage_failed";
	tar_fail(code, "%s %s: %s", doing, name, strerror(error));
}

int tar_builtin(char **argv)
{
	int count = 0;
	while (argv[count])
		count++;
	if (count == 3 && (!strcmp(argv[2], "0") || !strcmp(argv[2], "1"))) {
		if (strcmp(argv[0], "tar-in") == 0)
			return tar_in(argv[1], argv[2][0] == '1');
		if (strcmp(argv[0], "tar-out") == 0)
			return tar_out(argv[1], argv[2][0] == '1');
	}
	return file_builtin(argv);
}
