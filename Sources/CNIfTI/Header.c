#include "CNIfTI.h"

#include <nifti2_io.h>
#include <string.h>

void cnifti_swap(uint8_t *header, int32_t version) {
  if (version == 2) {
    nifti_2_header swapped;
    memcpy(&swapped, header, sizeof swapped);
    nifti_swap_as_nifti2(&swapped);
    memcpy(header, &swapped, sizeof swapped);
  } else {
    nifti_1_header swapped;
    memcpy(&swapped, header, sizeof swapped);
    nifti_swap_as_nifti1(&swapped);
    memcpy(header, &swapped, sizeof swapped);
  }
}

static nifti_image *image_of(const uint8_t *bytes, int32_t version) {
  nifti_set_debug_level(0);  // niftilib would write to stderr
  if (version == 2) {
    nifti_2_header header;
    memcpy(&header, bytes, sizeof header);
    return nifti_convert_n2hdr2nim(header, NULL);
  }
  nifti_1_header header;
  memcpy(&header, bytes, sizeof header);
  return nifti_convert_n1hdr2nim(header, NULL);
}

static void rows_of(nifti_dmat44 matrix, double rows[12]) {
  for (int row = 0; row < 3; row++)
    for (int column = 0; column < 4; column++) rows[row * 4 + column] = matrix.m[row][column];
}

static nifti_dmat44 matrix_of(const double rows[12]) {
  nifti_dmat44 matrix = {{{0}}};
  for (int row = 0; row < 3; row++)
    for (int column = 0; column < 4; column++) matrix.m[row][column] = rows[row * 4 + column];
  matrix.m[3][3] = 1;
  return matrix;
}

int cnifti_parse(const uint8_t *header, int32_t version, cnifti_fields *fields) {
  nifti_image *image = image_of(header, version);
  if (!image) return -1;
  memset(fields, 0, sizeof *fields);
  fields->version = version;
  for (int i = 0; i < 8; i++) fields->dim[i] = image->dim[i];
  for (int i = 0; i < 8; i++) fields->pixdim[i] = image->pixdim[i];
  fields->datatype = image->datatype;
  fields->intent_code = image->intent_code;
  fields->qform_code = image->qform_code;
  fields->sform_code = image->sform_code;
  fields->xyz_units = image->xyz_units;
  fields->time_units = image->time_units;
  fields->slope = image->scl_slope;
  fields->intercept = image->scl_inter;
  fields->toffset = image->toffset;
  rows_of(image->qto_xyz, fields->qform);
  rows_of(image->sto_xyz, fields->sform);
  nifti_image_free(image);
  return 0;
}

static void forget_meaning(nifti_image *image) {
  image->intent_code = 0;
  image->intent_p1 = image->intent_p2 = image->intent_p3 = 0;
  image->cal_min = image->cal_max = 0;
}

static void forget_text(nifti_image *image) {
  memset(image->descrip, 0, sizeof image->descrip);
  memset(image->aux_file, 0, sizeof image->aux_file);
  memset(image->intent_name, 0, sizeof image->intent_name);
}

static void set_shape(nifti_image *image, const cnifti_fields *fields) {
  int64_t *sizes[8] = {&image->ndim, &image->nx, &image->ny, &image->nz,
                       &image->nt,   &image->nu, &image->nv, &image->nw};
  double *steps[8] = {&image->qfac, &image->dx, &image->dy, &image->dz,
                      &image->dt,   &image->du, &image->dv, &image->dw};
  image->nvox = 1;
  for (int i = 0; i < 8; i++) {
    *sizes[i] = image->dim[i] = fields->dim[i];
    *steps[i] = image->pixdim[i] = fields->pixdim[i];
    if (i > 0) image->nvox *= fields->dim[i];
  }
  image->datatype = fields->datatype;
  nifti_datatype_sizes(fields->datatype, &image->nbyper, &image->swapsize);
}

// A form that `like` had is kept to the bit; one that it lacked is filled in from the fields.
static void set_forms(nifti_image *image, const cnifti_fields *fields, double qfac, int verbatim) {
  if (!(verbatim && image->sform_code > 0)) image->sto_xyz = matrix_of(fields->sform);
  image->qfac = qfac;
  if (verbatim && image->qform_code > 0) return;
  image->qto_xyz = matrix_of(fields->qform);
  double dx, dy, dz;
  nifti_dmat44_to_quatern(
      image->qto_xyz, &image->quatern_b, &image->quatern_c, &image->quatern_d, &image->qoffset_x,
      &image->qoffset_y, &image->qoffset_z, &dx, &dy, &dz, &image->qfac);
}

int cnifti_build(
    const cnifti_fields *fields, const uint8_t *like, int32_t like_version, int plain, int verbatim,
    uint8_t header[540]) {
  const int64_t one[8] = {3, 1, 1, 1, 1, 1, 1, 1};
  nifti_set_debug_level(0);
  nifti_image *image =
      like ? image_of(like, like_version) : nifti_make_new_nim(one, NIFTI_TYPE_UINT8, 0);
  if (!image) return -1;
  double qfac = image->qfac;
  set_shape(image, fields);
  set_forms(image, fields, qfac, verbatim);
  if (plain) forget_meaning(image);
  forget_text(image);
  // niftilib writes a form only when its code is positive: the numbers go in, then the codes.
  image->qform_code = image->sform_code = 1;
  image->scl_slope = fields->slope;
  image->scl_inter = fields->intercept;
  image->xyz_units = fields->xyz_units;
  image->time_units = fields->time_units;
  image->toffset = fields->toffset;
  image->byteorder = nifti_short_order();
  image->nifti_type = fields->version == 2 ? NIFTI_FTYPE_NIFTI2_1 : NIFTI_FTYPE_NIFTI1_1;
  image->iname_offset = fields->version == 2 ? 544 : 352;
  image->num_ext = 0;
  int size = -1;
  if (fields->version == 2) {
    nifti_2_header built;
    if (nifti_convert_nim2n2hdr(image, &built) == 0) {
      built.qform_code = fields->qform_code;
      built.sform_code = fields->sform_code;
      built.vox_offset = 544;
      memcpy(built.magic, "n+2\0\r\n\032\n", 8);  // niftilib 3.0.1 leaves out the second half
      memcpy(header, &built, size = sizeof built);
    }
  } else {
    nifti_1_header built;
    if (nifti_convert_nim2n1hdr(image, &built) == 0) {
      built.qform_code = (short)fields->qform_code;
      built.sform_code = (short)fields->sform_code;
      built.vox_offset = 352;
      memcpy(header, &built, size = sizeof built);
    }
  }
  nifti_image_free(image);
  return size;
}
