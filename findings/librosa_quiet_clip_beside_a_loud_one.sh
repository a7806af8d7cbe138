#!/usr/bin/env bash
# Library:   librosa 0.11.0, feature.mfcc of several clips of one length, stacked as its documentation
#            allows for y (..., n).
# Guess:     the features of a clip do not depend on which clips are beside it, as those of
#            melspectrogram do not; stacking only saves time.
# Behaviour: between the mel spectrogram and the cosine transform, mfcc goes over to decibels and cuts
#            everything off that is more than 80 dB below the peak, the peak of the whole array. A quiet
#            recording beside a loud one becomes flat: one number per frame, the other coefficients 0,
#            the same for any quiet clip. A comment in the source speaks of "noise floor differences
#            between channels"; the documentation of mfcc does not.
# Seen:      two quiet clips alone: unlike each other; beside a loud one: equal, coefficients 1 to 12 all
#            0; their mel spectrograms beside a loud one: as alone
# Instead:   a call for each clip, or mfcc(S=power_to_db(melspectrogram, top_db=None)).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" librosa==0.11.0 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 -W ignore - <<'PY'
import sys

import librosa
import numpy as np

rate = 22_050
times = np.arange(rate) / rate


def clip(volume, *tones):
    return (volume * sum(np.sin(2 * np.pi * tone * times) for tone in tones)).astype(np.float32)


def features(waves):
    return librosa.feature.mfcc(y=waves, sr=rate, n_mfcc=13)


loud, low, high = clip(1.0, 440), clip(1e-5, 220, 300), clip(1e-5, 3000, 4000)
alone = [features(wave) for wave in (low, high)]
_, *beside = features(np.stack([loud, low, high]))
both = librosa.feature.melspectrogram(y=np.stack([loud, low]), sr=rate)[1]
mel = np.allclose(both, librosa.feature.melspectrogram(y=low, sr=rate), rtol=1e-4, atol=1e-14)
unlike = float(np.abs(alone[0] - alone[1])[1:].max()) > 10
flat = np.allclose(beside[0], beside[1]) and float(np.abs(beside[0][1:]).max()) < 1e-3
print(f"two quiet clips alone: {'unlike each other' if unlike else 'alike'}; beside a loud one:")
print("equal, coefficients 1 to 12 all 0" if flat else "not equal", end="; ")
print(f"their mel spectrograms beside a loud one: {'as alone' if mel else 'other'}")
assert unlike and mel
sys.exit("changed" if not flat else 0)
PY
