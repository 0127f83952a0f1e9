//! What variables of the environment say, under the names that are usual for AWS.

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};

use crate::address::Secret;

/// The region and the server that variables name, and what gives the credentials they name.
pub(super) struct Environment {
    pub builder: AmazonS3Builder,
    pub region: Option<String>,
    pub endpoint: Option<String>,
}

impl Environment {
    /// A variable that is empty counts as missing, as it does elsewhere.
    pub fn read(variables: &[(String, Secret)]) -> Environment {
        let mut builder = AmazonS3Builder::new();
        for (name, value) in variables {
            if let Some(key) = key(name)
                && !value.reveal().is_empty()
            {
                builder = builder.with_config(key, value.reveal());
            }
        }
        let value = |key| builder.get_config_value(&key);
        Environment {
            region: value(Key::Region),
            endpoint: value(Key::S3Endpoint).or_else(|| value(Key::Endpoint)),
            builder,
        }
    }
}

/// Those that say where a bucket is and who may speak to it, as AWS's tools and SDKs name them. How
/// requests are made is not for the environment, which is there for others too.
fn key(name: &str) -> Option<Key> {
    Some(match name {
        "AWS_ACCESS_KEY_ID" => Key::AccessKeyId,
        "AWS_SECRET_ACCESS_KEY" => Key::SecretAccessKey,
        "AWS_SESSION_TOKEN" => Key::Token,
        "AWS_REGION" => Key::Region,
        "AWS_DEFAULT_REGION" => Key::DefaultRegion,
        "AWS_ENDPOINT_URL_S3" => Key::S3Endpoint,
        "AWS_ENDPOINT_URL" => Key::Endpoint,
        "AWS_WEB_IDENTITY_TOKEN_FILE" => Key::WebIdentityTokenFile,
        "AWS_ROLE_ARN" => Key::RoleArn,
        "AWS_ROLE_SESSION_NAME" => Key::RoleSessionName,
        "AWS_ENDPOINT_URL_STS" => Key::StsEndpoint,
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" => Key::ContainerCredentialsRelativeUri,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI" => Key::ContainerCredentialsFullUri,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" => Key::ContainerAuthorizationTokenFile,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT" => Key::MetadataEndpoint,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        let owned =
            |(name, value): &(&str, &str)| ((*name).to_owned(), Secret::from((*value).to_owned()));
        Environment::read(&variables.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_name_that_says_most_counts_in_whatever_order() {
        let regions = [("AWS_DEFAULT_REGION", "other"), ("AWS_REGION", "this")];
        let endpoints = [
            ("AWS_ENDPOINT_URL", "http://other"),
            ("AWS_ENDPOINT_URL_S3", "http://this"),
        ];
        for in_order in [[0, 1], [1, 0]] {
            let both = |of: [(&'static str, &'static str); 2]| in_order.map(|it| of[it]);
            assert_eq!(read(&both(regions)).region.as_deref(), Some("this"));
            let endpoint = read(&both(endpoints)).endpoint;
            assert_eq!(endpoint.as_deref(), Some("http://this"));
        }
        assert_eq!(read(&regions[..1]).region.as_deref(), Some("other"));
        let endpoint = read(&endpoints[..1]).endpoint;
        assert_eq!(endpoint.as_deref(), Some("http://other"));
    }

    #[test]
    fn what_is_empty_is_missing() {
        let it = read(&[
            ("AWS_REGION", ""),
            ("AWS_DEFAULT_REGION", "this"),
            ("AWS_ENDPOINT_URL_S3", ""),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_ACCESS_KEY_ID", ""),
        ]);
        assert_eq!((it.region.as_deref(), it.endpoint), (Some("this"), None));
        for key in [Key::Token, Key::AccessKeyId] {
            assert_eq!(it.builder.get_config_value(&key), None);
        }
    }

    #[test]
    fn how_requests_are_made_is_not_for_the_environment() {
        let it = read(&[
            ("AWS_SKIP_SIGNATURE", "true"),
            ("AWS_S3_EXPRESS", "perhaps"),
            ("AWS_PROXY_URL", "http://elsewhere"),
            ("aws_access_key_id", "an-id"),
            ("PATH", "/bin"),
        ]);
        let sum = format!("{:?}", it.builder);
        assert_eq!(sum, format!("{:?}", AmazonS3Builder::new()));
    }
}
