/* stddef: what a C compiler that comes without its own headers lacks (chibicc as Debian packages it). x86-64 Linux. */
#ifndef WITNESS_STDDEF_H
#define WITNESS_STDDEF_H
typedef unsigned long size_t;
typedef long ptrdiff_t;
typedef int wchar_t;
#define NULL ((void *)0)
#endif
