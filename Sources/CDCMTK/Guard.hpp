// Failures inside the shim are exceptions of one type; `guarded` turns them, and every exception
// of a foreign library, into the status and sentence that C callers get.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "CDCMTK.h"

struct Refusal {
  dicom_status status;
  char text[240];
};

[[noreturn]] inline void refuse(dicom_status status, const char *format, ...) {
  Refusal refusal;
  refusal.status = status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(refusal.text, sizeof refusal.text, format, arguments);
  va_end(arguments);
  throw refusal;
}

inline dicom_status failed(dicom_failure *failure, dicom_status status, const char *text) {
  if (failure) snprintf(failure->text, sizeof failure->text, "%s", text);
  return status;
}

template <typename Body>
dicom_status guarded(dicom_failure *failure, Body body) noexcept {
  try {
    body();
    return DICOM_OK;
  } catch (const Refusal &refusal) {
    return failed(failure, refusal.status, refusal.text);
  } catch (const std::bad_alloc &) {
    return failed(failure, DICOM_LIMIT, "not enough memory");
  } catch (const std::exception &error) {
    return failed(failure, DICOM_INTERNAL, error.what());
  } catch (...) {
    return failed(failure, DICOM_INTERNAL, "an exception of an unknown type");
  }
}
