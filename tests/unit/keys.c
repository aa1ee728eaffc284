/* keys.c - private keys that only tests know */
#include "tests/unit/keys.h"

/* P-256 in PKCS#8 */
const char test_key_p256[] = "-----BEGIN PRIVATE KEY-----\n"
			     "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1M8WdrCYQWcnSMV/\n"
			     "mBW8nASBZ3t3x/KK6ARzCzym5e2hRANCAAQ4UMxQvBsPS+8bWKc27Db9UwRwVJ8J\n"
			     "82BYL2pk016yeQQDfo2xflmJwWDPCB6nsmL2ac14QmxkbgUNwpqviw/T\n"
			     "-----END PRIVATE KEY-----\n";

/* the same in SEC 1 */
const char test_key_p256_sec1[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEINTPFnawmEFnJ0jFf5gVvJwEgWd7d8fyiugEcws8puXtoAoGCCqGSM49\n"
    "AwEHoUQDQgAEOFDMULwbD0vvG1inNuw2/VMEcFSfCfNgWC9qZNNesnkEA36NsX5Z\n"
    "icFgzwgep7Ji9mnNeEJsZG4FDcKar4sP0w==\n"
    "-----END EC PRIVATE KEY-----\n";

/* both without the public half, as Java writes them */
const char test_key_p256_half[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCDUzxZ2sJhBZydIxX+Y\n"
    "FbycBIFne3fH8oroBHMLPKbl7Q==\n"
    "-----END PRIVATE KEY-----\n";
const char test_key_p256_sec1_half[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MDECAQEEINTPFnawmEFnJ0jFf5gVvJwEgWd7d8fyiugEcws8puXtoAoGCCqGSM49\n"
    "AwEH\n"
    "-----END EC PRIVATE KEY-----\n";

/* P-384 */
const char test_key_p384[] = "-----BEGIN PRIVATE KEY-----\n"
			     "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAfLGdIed8uZu3Ci9jc\n"
			     "RUYN9dK48vx3zW8rYcCOCWWSf3yQ2jzukfPxwijfyzrlhH2hZANiAAQQee6a34n1\n"
			     "GV4/w/e5cJ5Foe24ZDgbc+u/T904Thg5oOIe6TMpSffzBxsoLd0a19mJKbcz5u9K\n"
			     "5umubbuheq6WeTHMeQhDwAs6p/jumP709pf4LEKyyX+4EJBuncDUBPc=\n"
			     "-----END PRIVATE KEY-----\n";

/* P-521, which is not used */
const char test_key_p521[] = "-----BEGIN PRIVATE KEY-----\n"
			     "MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAH7wu4LZhBjQ82gQ9\n"
			     "mh3CJJlpuZujJbqiqTFYEZ3MBzmV41j+COs6PzkXNaWM4BfC75th3whikbBHBb+c\n"
			     "GIeYX1OhgYkDgYYABAEdTnZKFt/7UB+yn+iV+Q33vkJFPivCbpbRdzUi+44dDPHv\n"
			     "EaKARvTqXKxPDwp4zUUo57hNlfTDfOinhvNH0WolpACHKpZsmh5V5uGxdDsjq9Vu\n"
			     "NmJVSurtvDcqdmrP1mw7YOf15hyyXQjIwhFtcuaqxB+SzodUuPxWfHMAnpXluOFD\n"
			     "OA==\n"
			     "-----END PRIVATE KEY-----\n";

/* RSA of 2048 bits in PKCS#8 */
const char test_key_rsa[] = "-----BEGIN PRIVATE KEY-----\n"
			    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDIriXQAmNLaQMt\n"
			    "kwYh/gNa2q54pWFooMx6M8li6K1Kb5BDAIcaDQAKXJQNtkEAB5FBoo1ufreVdMQb\n"
			    "BqQCWHpPODTnEs1V38zGk1HGQUbsDSaX4n2Qa8+Fo8Ex17w4GOjscYnepBN+WA5I\n"
			    "oaGX1/ilFsIXQaNe06staFjjg7lRtL772OKxsfb1v8U3Yx5tfCRiNV0gF/iOVTec\n"
			    "5nkD0I5vVcPwasaxJk821iutUQH9iOrnSHduD0paZC1WltXQD33UIJbDtBq2EasW\n"
			    "DOzlyV7Kpgic6xULfQ7UDhIcr/COzjmZZRs83mMKL1sLRv25VNoyhfXU8nLWgSKO\n"
			    "cwGivKZ5AgMBAAECggEAXDY5RcVzHtmYDj76mHAB1qOZe/JyOgN5McXOCdbkmcl9\n"
			    "vmvlqIDEvf4gQdS3NW5EvqYU2ur7LH/FBK4eer1xJimrlWo8U/NMQwq6jqC8GAdK\n"
			    "7ouyKsR/TOccBO0enaBElzDsqxM1qd6IYbNzbzRcGm/Eq68LhK06gNjrz09dvj7B\n"
			    "HhDflzDwMwguMr5R4d6aW+iL4BacZu7ShwOVMBd7om7ZMYWrlKVHcZx2ZB7OHFog\n"
			    "8u4yF/ehbZb17wklJpDNwT8E86B5GiZ7qP6ejByW+z15f5BuB8II1XZnmWtHuaJZ\n"
			    "s79fRysM/Uy2FQAswvMiehgFRzDLp6NgCkvzS7OsaQKBgQDjMU69U+NtUzTAnqOg\n"
			    "1+IhnKfaffdtCZF0Y0sFQHo5l6TlbX1JFNh7SG94dYjiRGl9k0TjSIIjAprFcrUs\n"
			    "FJCeAYaYDXi8NN3gzHczlTm/iS4g9Yax7TISEJvcY7AgrcnV0dbxC+w9Y9Nx/nBZ\n"
			    "9nQnjIiLsiMIKLoSO8ZQH7r1HwKBgQDiID9BO3VIMbssoPBH+avt1nqoJsXnISxY\n"
			    "yyTYGE7NRNKwgC7arVmKoLg1Okmx1DjVhljrmpiM2hH5g0ib4NDFP34+9QaA6VxG\n"
			    "ER5fklUTIE98FwuWwIJOmUDlFVjTOHmf5eC8Lut7HcABuPtqy3bzLYJTNPfBYrjE\n"
			    "jCz13OwZZwKBgQDAFgZOyMh2vGzTls0dxqkoZfz9HJe/luFmGDVroVI1s2L1n5bX\n"
			    "3UoTIfEtVaKAO/s88vDBgaKV2zPkUNGhDVogXYXgtTMpXUFjOTxnXnnO2TspHq3d\n"
			    "bYByCZzdv2NAne8SWzJx5vS8CtTRgqCXT2pxrb4c7mX0FgsMM4G+aLV3XQKBgBo/\n"
			    "MfhpZWCe3SH+AEXqdgliRtRzw67jS9l2ou0uTR9IaMgx6L5bNrR/mUIcZOduQbaP\n"
			    "JI0cYa6ftUxn76qgOrtadlXqbPnTnHFJlWP0gUl6C5/UsPSrnbRv13d/tdK2kG99\n"
			    "6EsPiye8OUg553zq5wCs/J6Z3FQnGFlACAv1u7XrAoGAI2BhzsJC7XJxfIPqz+YJ\n"
			    "GS5y35eIfSfJtm6T7MKrNrU8C/omAf4Je8bY2/0PbIUfDgHQaDWPjD4Xkqi4xX6+\n"
			    "u7KN/2oRk3GmhH4hnmf7yHkG3mq2b/Q3rJJVjYUg8nBFiIvYxURvolPVoWWsseeu\n"
			    "I2FvNL46bN4ZJMloSsWYw0o=\n"
			    "-----END PRIVATE KEY-----\n";

/* the same in PKCS#1 */
const char test_key_rsa_pkcs1[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEowIBAAKCAQEAyK4l0AJjS2kDLZMGIf4DWtqueKVhaKDMejPJYuitSm+QQwCH\n"
    "Gg0AClyUDbZBAAeRQaKNbn63lXTEGwakAlh6Tzg05xLNVd/MxpNRxkFG7A0ml+J9\n"
    "kGvPhaPBMde8OBjo7HGJ3qQTflgOSKGhl9f4pRbCF0GjXtOrLWhY44O5UbS++9ji\n"
    "sbH29b/FN2MebXwkYjVdIBf4jlU3nOZ5A9COb1XD8GrGsSZPNtYrrVEB/Yjq50h3\n"
    "bg9KWmQtVpbV0A991CCWw7QathGrFgzs5cleyqYInOsVC30O1A4SHK/wjs45mWUb\n"
    "PN5jCi9bC0b9uVTaMoX11PJy1oEijnMBorymeQIDAQABAoIBAFw2OUXFcx7ZmA4+\n"
    "+phwAdajmXvycjoDeTHFzgnW5JnJfb5r5aiAxL3+IEHUtzVuRL6mFNrq+yx/xQSu\n"
    "Hnq9cSYpq5VqPFPzTEMKuo6gvBgHSu6LsirEf0znHATtHp2gRJcw7KsTNaneiGGz\n"
    "c280XBpvxKuvC4StOoDY689PXb4+wR4Q35cw8DMILjK+UeHemlvoi+AWnGbu0ocD\n"
    "lTAXe6Ju2TGFq5SlR3GcdmQezhxaIPLuMhf3oW2W9e8JJSaQzcE/BPOgeRome6j+\n"
    "nowclvs9eX+QbgfCCNV2Z5lrR7miWbO/X0crDP1MthUALMLzInoYBUcwy6ejYApL\n"
    "80uzrGkCgYEA4zFOvVPjbVM0wJ6joNfiIZyn2n33bQmRdGNLBUB6OZek5W19SRTY\n"
    "e0hveHWI4kRpfZNE40iCIwKaxXK1LBSQngGGmA14vDTd4Mx3M5U5v4kuIPWGse0y\n"
    "EhCb3GOwIK3J1dHW8QvsPWPTcf5wWfZ0J4yIi7IjCCi6EjvGUB+69R8CgYEA4iA/\n"
    "QTt1SDG7LKDwR/mr7dZ6qCbF5yEsWMsk2BhOzUTSsIAu2q1ZiqC4NTpJsdQ41YZY\n"
    "65qYjNoR+YNIm+DQxT9+PvUGgOlcRhEeX5JVEyBPfBcLlsCCTplA5RVY0zh5n+Xg\n"
    "vC7rex3AAbj7ast28y2CUzT3wWK4xIws9dzsGWcCgYEAwBYGTsjIdrxs05bNHcap\n"
    "KGX8/RyXv5bhZhg1a6FSNbNi9Z+W191KEyHxLVWigDv7PPLwwYGildsz5FDRoQ1a\n"
    "IF2F4LUzKV1BYzk8Z155ztk7KR6t3W2Acgmc3b9jQJ3vElsyceb0vArU0YKgl09q\n"
    "ca2+HO5l9BYLDDOBvmi1d10CgYAaPzH4aWVgnt0h/gBF6nYJYkbUc8Ou40vZdqLt\n"
    "Lk0fSGjIMei+Wza0f5lCHGTnbkG2jySNHGGun7VMZ++qoDq7WnZV6mz505xxSZVj\n"
    "9IFJeguf1LD0q520b9d3f7XStpBvfehLD4snvDlIOed86ucArPyemdxUJxhZQAgL\n"
    "9bu16wKBgCNgYc7CQu1ycXyD6s/mCRkuct+XiH0nybZuk+zCqza1PAv6JgH+CXvG\n"
    "2Nv9D2yFHw4B0Gg1j4w+F5KouMV+vruyjf9qEZNxpoR+IZ5n+8h5Bt5qtm/0N6yS\n"
    "VY2FIPJwRYiL2MVEb6JT1aFlrLHnriNhbzS+OmzeGSTJaErFmMNK\n"
    "-----END RSA PRIVATE KEY-----\n";

/* RSA of 1024 bits, which is too short */
const char test_key_rsa_1024[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAM2vvYKo729bmwK3\n"
    "dWT3+n65ReUPX9+C3dBd5GB+AssxBFLcT+aF+6NjcCf+PKmZ1gr4lnEiz5jSbUwy\n"
    "l52sDa7jIl8q+ZJBhx1aYW9LrrJviPRgeAOhu9XC2un10eaEdBOBzGpbf4tqwOvU\n"
    "oB4eHo0Too3TIgEa4mdlA38DN0pFAgMBAAECgYAXIjvzVSLQ6IGvtYibmZRv6lCl\n"
    "KayDzAk8pULJY4LW7aVp2GOYLtuVjdqQdPTHsoizZTAue1bT/l7SoiIRVseW/0/s\n"
    "JInH4g7x1iEpCOz7Vw2BWeJbwABUCDXmQpi7IFLPBnA+WJCgnNlOQsAifMLrNZKH\n"
    "rztnwopF5N4F2z2+hQJBAOgBA4gi4x+RWWYBK4OjHBVLKWiz/gcq+nOuY6JOn6OM\n"
    "bjBBEROQr9PEOV+cxEtZaqtnA2bUjgR9NW3E+7om05sCQQDi9eTgNd3IFTwwkIAA\n"
    "YLzeHoVsZshcbg4rySTR5evzoIFUNZJH3VAGeblMDUaNJ9cPKEp9+jNKAQRKQOJV\n"
    "i+efAkBRygm0tJfdSSB7FW6Bub7swtKWVt33KO+iWJhHX/Bnd9pgqI+cliVmQob3\n"
    "bgzFg4BXbLmGRujKLFnpmMglmAqBAkAQdAD+nAkS6y8s2hzdaiXm+FF11VGrGbNf\n"
    "SzqnGMLtK3KUtzl+ijW18ncTY1b8/qlhiOs1jMDRGZfFBkUiLH1DAkEAkNVBfRRN\n"
    "ReQTOMEbUAClF3Z5RT9h6RCLNLy1d0ScRG8FX9L1o5WUCVrPpN7pSeb/PU9c8hw7\n"
    "aEP3Z8EF4E2NGw==\n"
    "-----END PRIVATE KEY-----\n";
